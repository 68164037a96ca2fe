"""Measures of each person in a network: degree, clustering, component, and centralities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.networks.structure import adjacency, components, local_clustering
from econsim.errors import UserError
from econsim.networks import Network

if TYPE_CHECKING:
    import pandas as pd
    from scipy import sparse

__all__ = ["MOST_PEOPLE", "person_measures"]

Array = Any
MOST_PEOPLE = 5_000
"""The largest network whose shortest paths between all people are counted."""
_SOURCES = 256  # from which paths are followed at once
_TOLERANCE, _ROUNDS = 1e-10, 10_000


def person_measures(network: Network) -> pd.DataFrame:
    """Return one row per person, with columns ``person``, ``degree``, ``component``, ``clustering`` and centralities.

    ``strength``, the sum of a person's weights, is there where the network has weights. The centralities disregard
    weights and directions: ``eigenvector`` (Bonacich 1972, of length one), ``closeness`` (the inverse mean distance to
    the others of the component, times the share of all others who are in it; Wasserman and Faust 1994) and
    ``betweenness`` (the share of shortest paths between two others that pass through a person; Freeman 1977).

    Raises:
        UserError: there are more than 5,000 people; :func:`measures` describes larger networks.
    """
    import pandas as pd

    if network.people > MOST_PEOPLE:
        raise UserError(
            f"person_measures: {network.people:,} people; the paths between more than {MOST_PEOPLE:,} take too long, so"
            " use measures(network), or local_clustering and components"
        )
    matrix = adjacency(network)
    closeness, betweenness = _by_paths(matrix)
    columns = {
        "person": np.arange(network.people),
        "degree": np.diff(matrix.indptr),
        "component": components(network),
        "clustering": local_clustering(network),
        "eigenvector": _eigenvector(matrix),
        "closeness": closeness,
        "betweenness": betweenness,
    }
    if network.weights is not None:
        sources = network.sources().numpy()
        columns["strength"] = np.bincount(sources, network.weights.numpy(), minlength=network.people)
    return pd.DataFrame(columns)


def _eigenvector(matrix: sparse.csr_array[Any]) -> Array:
    """Return the non-negative eigenvector of the largest eigenvalue, by power iteration.

    The matrix plus the identity has the same eigenvectors, and its largest eigenvalue is largest in absolute value too.
    """
    vector = np.full(matrix.shape[0], matrix.shape[0] ** -0.5)
    for _ in range(_ROUNDS):
        after = matrix @ vector + vector
        after /= np.linalg.norm(after)
        if np.abs(after - vector).max() < _TOLERANCE:
            return after
        vector = after
    return vector


def _by_paths(matrix: sparse.csr_array[Any]) -> tuple[Array, Array]:
    """Return closeness and betweenness ``[N]``, by the algorithm of Brandes (2001) from many people at once."""
    people = matrix.shape[0]
    exact = matrix.astype(np.float64)
    closeness, betweenness = np.zeros(people), np.zeros(people)
    for first in range(0, people, _SOURCES):
        sources = np.arange(first, min(first + _SOURCES, people))
        levels, paths = _shortest_paths(exact, sources)
        distances = sum(depth * level.sum(0) for depth, level in enumerate(levels))
        reached = sum(level.sum(0) for level in levels) - 1
        inverse = np.divide(reached, distances, out=np.zeros(len(sources)), where=distances > 0)
        closeness[sources] = inverse * reached / max(people - 1, 1)
        betweenness += _dependencies(exact, levels, paths)
    return closeness, betweenness / max((people - 1) * (people - 2), 1)


def _shortest_paths(matrix: sparse.csr_array[Any], sources: Array) -> tuple[list[Array], Array]:
    """Return who is at each distance, ``[N, S]`` bool each, and the number of shortest paths to each, ``[N, S]``."""
    paths = np.zeros((matrix.shape[0], len(sources)))
    paths[sources, np.arange(len(sources))] = 1.0
    levels = [paths > 0]
    seen = levels[0].copy()
    while True:
        continued = matrix @ np.where(levels[-1], paths, 0.0)
        level = (continued > 0) & ~seen
        if not level.any():
            return levels, paths
        paths[level] = continued[level]
        seen |= level
        levels.append(level)


def _dependencies(matrix: sparse.csr_array[Any], levels: list[Array], paths: Array) -> Array:
    """Return the sum over sources of the dependencies of all shortest paths on each person, ``[N]``."""
    dependency = np.zeros_like(paths)
    for level, before in zip(levels[:0:-1], levels[-2::-1], strict=True):
        share = np.divide(1.0 + dependency, paths, out=np.zeros_like(paths), where=level)
        dependency += np.where(before, paths * (matrix @ share), 0.0)
    dependency[levels[0]] = 0.0  # a person is not between itself and others
    return dependency.sum(1)
