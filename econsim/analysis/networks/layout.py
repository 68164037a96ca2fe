"""Positions of people in a drawing of a network: slow directions of a random walk, then attraction and repulsion.

Two smooth functions on the network, which change least along edges, lay out its coarse structure (Koren 2005). Forces
then spread people out: neighbours attract each other, and people who are near each other repel (Fruchterman and
Reingold 1991, with repulsion among people near each other only, as in their grid variant).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from econsim import random
from econsim.analysis.networks.structure import adjacency
from econsim.networks import Network

__all__ = ["positions"]

REFERENCES = (
    "@article{fruchterman1991graph, title={Graph drawing by force-directed placement}, author={Fruchterman, Thomas M. "
    "J. and Reingold, Edward M.}, journal={Software: Practice and Experience}, volume={21}, number={11}, "
    "pages={1129--1164}, year={1991}}",
    "@article{koren2005drawing, title={Drawing graphs by eigenvectors: Theory and practice}, author={Koren, Yehuda}, "
    "journal={Computers \\& Mathematics with Applications}, volume={49}, pages={1867--1888}, year={2005}}",
)

Array = Any
_SMOOTHINGS, _MOVES = 200, 120
_NEAR = 2.0  # in units of the distance that people would have if they were spread evenly
_GRAVITY = 0.02  # towards the middle, so that components stay together


def positions(network: Network, seed: int = 0) -> Array:
    """Return a position of each person, ``[N, 2]``, mostly within -1 and 1; the same in every call.

    Args:
        network: a network; directions, weights and layers of its edges are disregarded.
        seed: of the start, and so of the orientation of the drawing.
    """
    matrix = adjacency(network)
    start = random.normal(random.keys(seed, 1), 0, "network layout", (network.people, 2))[0].double().numpy()
    return _spread(matrix, _smooth(matrix, start))


def _smooth(matrix: sparse.csr_array[Any], at: Array) -> Array:
    """Return two orthogonal functions that change slowly along edges, each of variance 1/4."""
    degrees = np.diff(matrix.indptr).astype(np.float64)
    mass, inverse = degrees + 1.0, 1.0 / np.maximum(degrees, 1.0)
    for _ in range(_SMOOTHINGS):
        at = 0.5 * (at + inverse[:, None] * (matrix @ at))
        at = at - (mass @ at) / mass.sum()
        first, second = at.T
        second = second - first * ((mass * first) @ second) / max((mass * first) @ first, 1e-300)
        at = np.stack([axis / max(axis.std(), 1e-150) for axis in (first, second)], 1)
    return 0.5 * at


def _spread(matrix: sparse.csr_array[Any], at: Array) -> Array:
    people = len(at)
    apart = 2.0 / people**0.5
    sources = np.repeat(np.arange(people), np.diff(matrix.indptr))
    for move in range(_MOVES):
        ties = at[matrix.indices] - at[sources]
        pull = ties * (np.linalg.norm(ties, axis=1, keepdims=True) / apart)
        force = _sums(sources, pull, people) - _GRAVITY * at / apart
        pairs = KDTree(at).query_pairs(_NEAR * apart, output_type="ndarray")
        gaps = at[pairs[:, 0]] - at[pairs[:, 1]]
        push = gaps * (apart**2 / np.maximum((gaps**2).sum(1, keepdims=True), (0.01 * apart) ** 2))
        force += _sums(pairs[:, 0], push, people) - _sums(pairs[:, 1], push, people)
        length = np.linalg.norm(force, axis=1, keepdims=True)
        longest = 0.15 * (1.0 - move / _MOVES)
        at = at + force * (np.minimum(length, longest) / np.maximum(length, 1e-12))
    return at / max(np.quantile(np.abs(at), 0.99), 1e-12)


def _sums(index: Array, values: Array, people: int) -> Array:
    return np.stack([np.bincount(index, column, minlength=people) for column in values.T], 1)
