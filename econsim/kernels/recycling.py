"""Memory of tensors that kernels write in every call, used again as soon as no tensor needs it.

The C library spreads freed megabytes over the address space, so that every step would write to memory that no cache
holds. A set of tensors whose memory was written one or two steps ago takes half the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from sys import getrefcount
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from econsim.kernels.allocation import addresses_of, like

__all__ = ["Recycled"]

_MOST_KEPT = 4  # sets whose memory is kept; a run that holds on to more gets new memory in every call


class Recycled:
    """Sets of tensors of given shapes and types, without content."""

    def __init__(self, patterns: Sequence[Tensor]) -> None:
        self._patterns = patterns
        self._kept: list[_Kept] = []
        self._lock = Lock()

    def take(self) -> tuple[list[Tensor], Any]:
        """Return new tensors and their addresses, int64; zero for one without elements."""
        with self._lock:
            for kept in self._kept:
                if kept.is_free():
                    return kept.tensors(), kept.addresses
            if len(self._kept) == _MOST_KEPT:
                tensors = like(self._patterns)
                return tensors, addresses_of(tensors)
            kept = _Kept(like(self._patterns))
            self._kept.append(kept)
            return kept.tensors(), kept.addresses


class _Kept:
    """Memory of one set of tensors.

    Torch keeps a reference to the array of a tensor made by ``torch.from_numpy`` until the tensor's memory is needed no
    longer: by the tensor itself, a view, an array or a graph of gradients.
    """

    def __init__(self, memory: list[Tensor]) -> None:
        self.addresses = addresses_of(memory)
        self._arrays = [tensor.numpy() for tensor in memory]
        self._free = self._references()

    def is_free(self) -> bool:
        """Return whether no tensor needs the memory."""
        return self._references() == self._free

    def tensors(self) -> list[Tensor]:
        """Return tensors in this memory."""
        return list(map(torch.from_numpy, self._arrays))

    def _references(self) -> list[int]:
        return list(map(getrefcount, self._arrays))
