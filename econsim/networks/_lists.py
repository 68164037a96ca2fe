"""Sorted lists of neighbours with row pointers (compressed sparse rows), and their construction from edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
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
    keys = _keys(people, np.asarray(sources, np.int64), np.asarray(targets, np.int64), directed)
    values = {"weights": (weights, np.float32), "layers": (layers, np.int8)}
    carried = {name: np.asarray(given, kind) for name, (given, kind) in values.items() if given is not None}
    if carried:
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        carried = {name: (value if directed else np.tile(value, 2))[order] for name, value in carried.items()}
    else:
        keys.sort()
    of_source = keys // people
    rows = np.zeros(people + 1, np.int64)
    np.cumsum(np.bincount(of_source, minlength=people), out=rows[1:])
    neighbours = (keys - of_source * people).astype(np.int32)
    tensors = {name: torch.from_numpy(value) for name, value in carried.items()}
    return Network(torch.from_numpy(rows), torch.from_numpy(neighbours), layer_names=layer_names, **tensors)


def _keys(people: int, sources: Array, targets: Array, directed: bool) -> Array:
    """Return one number for each directed edge, in the order of sources and then of targets."""
    forth = sources * people + targets
    return forth if directed else np.concatenate([forth, targets * people + sources])
