"""Measures of a network: degrees, components, clustering, assortativity and path lengths, by sparse matrices.

A person's neighbours are all who share an edge with it, in any layer and in either direction, each counted once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from econsim import random
from econsim.networks import Network

__all__ = ["MEASURES", "adjacency", "assortativity", "components", "distances_from", "local_clustering", "measures"]

Array = Any
MEASURES = {
    "people": "People",
    "edges": "Edges between two people",
    "mean_degree": "Mean number of neighbours",
    "degree_deviation": "Standard deviation of the number of neighbours",
    "largest_degree": "Largest number of neighbours",
    "without_neighbours": "Share of people without neighbours",
    "components": "Components",
    "largest_component": "Share of people in the largest component",
    "clustering": "Mean local clustering",
    "transitivity": "Transitivity",
    "degree_assortativity": "Assortativity by number of neighbours",
    "path_length": "Mean path length",
}
"""The title of each measure of :func:`measures`."""
CLUSTERED = 5_000
"""The number of people whose clustering is measured in a larger network; they are drawn at random."""
_EDGES_WALKED = 10_000_000  # of all breadth-first searches together: a few seconds
_FEWEST_SOURCES = 4


def measures(network: Network, seed: int = 0) -> dict[str, float]:
    """Return the measures of a network by name; :data:`MEASURES` has their titles.

    Clustering of more than 5,000 people and path lengths in large networks are estimated from people drawn at random.
    ``clustering`` is the mean over people of the share of pairs of their neighbours who know each other (Watts and
    Strogatz 1998; 0 with fewer than two neighbours), ``transitivity`` the share over all such pairs,
    ``degree_assortativity`` the correlation of the numbers of neighbours at both ends of edges (Newman 2002), and
    ``path_length`` the mean distance between people of one component. A measure that is not defined is NaN.

    Args:
        network: a network of at least one person.
        seed: of the draw of people.
    """
    matrix = adjacency(network)
    degrees, people = np.diff(matrix.indptr), matrix.shape[0]
    sizes = np.bincount(components(network))
    drawn = _drawn(people, CLUSTERED, seed, "clustering")
    closed, pairs = _closed_pairs(matrix, drawn)
    return {
        "people": float(people),
        "edges": matrix.nnz / 2,
        "mean_degree": float(degrees.mean()),
        "degree_deviation": float(degrees.std()),
        "largest_degree": float(degrees.max()),
        "without_neighbours": float((degrees == 0).mean()),
        "components": float(len(sizes)),
        "largest_component": float(sizes.max() / people),
        "clustering": float(np.divide(closed, pairs, out=np.zeros(len(pairs)), where=pairs > 0).mean()),
        "transitivity": float(closed.sum() / pairs.sum()) if pairs.sum() else np.nan,
        "degree_assortativity": _assortativity(matrix, degrees),
        "path_length": _path_length(matrix, seed),
    }


def components(network: Network) -> Array:
    """Return the index of each person's component, ``[N]`` int32; of a directed network, of its weak components."""
    _, labels = csgraph.connected_components(_matrix(network), directed=False)
    return labels


def local_clustering(network: Network) -> Array:
    """Return the share of pairs of each person's neighbours who know each other, ``[N]`` (Watts and Strogatz 1998).

    It is 0 for people with fewer than two neighbours.
    """
    matrix = adjacency(network)
    closed, pairs = _closed_pairs(matrix, np.arange(matrix.shape[0]))
    return np.divide(closed, pairs, out=np.zeros(len(pairs)), where=pairs > 0)


def assortativity(network: Network, characteristic: Array) -> float:
    """Return the correlation of a characteristic, such as wealth, at both ends of edges (Newman 2003).

    It is 1 if people know only people with the same value, 0 if edges disregard it, and NaN if all have the same.

    Args:
        network: a network of ``N`` people.
        characteristic: ``[N]``.
    """
    return _assortativity(adjacency(network), np.asarray(characteristic, np.float64))


def adjacency(network: Network) -> sparse.csr_array[Any]:
    """Return the symmetric matrix ``[N, N]`` float32 with a one for each pair of neighbours."""
    matrix = _matrix(network)
    both = matrix.maximum(matrix.T).tocsr()
    both.setdiag(0)
    both.eliminate_zeros()
    return both


def distances_from(matrix: sparse.csr_array[Any], source: int) -> Array:
    """Return the number of edges from a person to each other, ``[N]`` int64; -1 where there is no path."""
    distance = np.full(matrix.shape[0], -1)
    distance[source], frontier, steps = 0, np.array([source]), 0
    while len(frontier):
        steps += 1
        reached = np.unique(matrix[frontier].indices)
        frontier = reached[distance[reached] < 0]
        distance[frontier] = steps
    return distance


def _matrix(network: Network) -> sparse.csr_array[Any]:
    ones = np.ones(len(network.neighbours), np.float32)
    shape = (network.people, network.people)
    edges = ones, network.neighbours.numpy(), network.rows.numpy()
    matrix = sparse.csr_array(edges, shape=shape, copy=True)  # since the next line changes it in place
    matrix.sum_duplicates()  # edges in several layers
    matrix.data[:] = 1.0
    return matrix


def _drawn(people: int, count: int, seed: int, stream: str) -> Array:
    if people <= count:
        return np.arange(people)
    return random.permutation(random.keys(seed, 1), 0, f"network measures/{stream}", people)[0, :count].numpy()


def _closed_pairs(matrix: sparse.csr_array[Any], people: Array) -> tuple[Array, Array]:
    """Return the pairs of neighbours of given people who know each other, and all pairs, ``[M]`` float64."""
    rows = matrix[people]
    degrees = np.diff(rows.indptr).astype(np.float64)
    paths = rows @ matrix  # paths of two edges from a person, by where they end
    closed = np.asarray(paths.multiply(rows).sum(axis=1), np.float64).ravel() / 2.0
    return closed, degrees * (degrees - 1.0) / 2.0


def _assortativity(matrix: sparse.csr_array[Any], values: Array) -> float:
    sources = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    one, other = values[sources].astype(np.float64), values[matrix.indices].astype(np.float64)
    if not len(one) or one.std() == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def _path_length(matrix: sparse.csr_array[Any], seed: int) -> float:
    people = matrix.shape[0]
    affordable = max(_FEWEST_SOURCES, _EDGES_WALKED // max(matrix.nnz, 1))
    distances = [distances_from(matrix, source) for source in _drawn(people, affordable, seed, "paths")]
    positive = [distance[distance > 0] for distance in distances]
    pairs = sum(map(len, positive))
    return float(sum(distance.sum() for distance in positive) / pairs) if pairs else float("nan")
