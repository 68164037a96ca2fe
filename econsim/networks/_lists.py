"""Sorted lists of neighbours with row pointers (compressed sparse rows), and their construction from edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

__all__ = ["Network", "network_of"]

Array = Any


@dataclass(frozen=True)
class Network:
    """Network of ``N`` people with ``E`` directed edges; an undirected edge is two of them.

    rows: ``[N + 1]`` int64; the neighbours of person ``i`` are the entries ``rows[i]`` to ``rows[i + 1] - 1``.
    neighbours: ``[E]`` int32, in increasing order for each person.
    weights: ``[E]`` float32; ``None`` where all are 1.
    layers: ``[E]`` int8, the index of an edge's layer among ``layer_names``; ``None`` where there is one layer only.
    """

    rows: Tensor
    neighbours: Tensor
    weights: Tensor | None = None
    layers: Tensor | None = None
    layer_names: tuple[str, ...] = ()

    @property
    def people(self) -> int:
        """The number of people."""
        return len(self.rows) - 1

    @property
    def degrees(self) -> Tensor:
        """The number of neighbours of each person, ``[N]`` int64."""
        return self.rows.diff()

    def sources(self) -> Tensor:
        """Return the person at the start of each edge, ``[E]`` int64."""
        return torch.repeat_interleave(torch.arange(self.people), self.degrees)


def network_of(
    people: int,
    sources: Array,
    targets: Array,
    weights: Array | None = None,
    layers: Array | None = None,
    layer_names: tuple[str, ...] = (),
    directed: bool = False,
) -> Network:
    """Return the network of given edges, each of which is given once.

    Args:
        people: number of people ``N``.
        sources: ``[M]`` int64, person at the start of each edge.
        targets: ``[M]`` int64, person at its end.
        weights: ``[M]``.
        layers: ``[M]``, the index of each edge's layer.
        layer_names: names of the layers.
        directed: whether an edge leads only from its source to its target.
    """
    ends = np.asarray(sources, np.int32), np.asarray(targets, np.int32)
    if not directed:
        ends = np.concatenate(ends), np.concatenate(ends[::-1])
    rows, neighbours, order = _sorted(people, *ends)
    values = {"weights": (weights, np.float32), "layers": (layers, np.int8)}
    carried = {name: np.asarray(given, kind) for name, (given, kind) in values.items() if given is not None}
    tensors = {
        name: torch.from_numpy((value if directed else np.tile(value, 2))[order]) for name, value in carried.items()
    }
    return Network(torch.from_numpy(rows), torch.from_numpy(neighbours), layer_names=layer_names, **tensors)


def _sorted(people: int, sources: Array, targets: Array) -> tuple[Array, Array, Array]:
    """Return row pointers, targets in the order of sources and then of targets, and that order of the edges.

    A change between rows and columns as the leading axis of a sparse matrix sorts by counting, and keeps the order of
    edges that are alike: twice as fast as a sort of ten million numbers.
    """
    shape = (people, people)
    by_target = sparse.coo_array((np.arange(len(sources), dtype=np.int32), (targets, sources)), shape=shape)
    by_target.has_canonical_format = True  # so that edges in several layers are not added up
    by_source = by_target.tocsr().tocsc()
    return by_source.indptr.astype(np.int64), by_source.indices.astype(np.int32), by_source.data
