"""Features of observations in blocks of columns, each computed when it is first read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

__all__ = ["DeferredFeatures"]


class DeferredFeatures:
    """Features ``[B, N, F]`` in blocks of neighbouring columns, each computed when it is first read, and then kept.

    A block has gradients if they were enabled when the features were described, whoever reads it first.

    Args:
        blocks: the width of each block, and a function without arguments that returns it, ``[B, N, width]``: a bound
            method or a ``functools.partial`` rather than a lambda, so that observations can be pickled.
    """

    def __init__(self, *blocks: tuple[int, Callable[[], Tensor]]) -> None:
        self._blocks = blocks
        self._computed: dict[int, Tensor] = {}
        self._all: Tensor | None = None
        self._with_gradients = torch.is_grad_enabled()

    def all(self) -> Tensor:
        """Return the features, ``[B, N, F]``."""
        if self._all is None:
            blocks = [self._block(index) for index in range(len(self._blocks))]
            with torch.set_grad_enabled(self._with_gradients):
                self._all = torch.cat(blocks, -1)
        return self._all

    def columns(self, first: int, last: int) -> Tensor:
        """Return the columns from ``first`` to before ``last``; only blocks with one of them are computed."""
        start, found = 0, []
        for index, (width, _) in enumerate(self._blocks):
            if start < last and first < start + width:
                found.append(self._block(index)[..., max(first - start, 0) : last - start])
            start += width
        return found[0] if len(found) == 1 else torch.cat(found, -1)

    def of_players(self, change: Callable[[Tensor], Tensor]) -> DeferredFeatures:
        """Return the features of some players: ``change`` selects them from a block when it is read."""
        blocks = enumerate(self._blocks)
        return DeferredFeatures(*((width, partial(self._changed, index, change)) for index, (width, _) in blocks))

    def _changed(self, index: int, change: Callable[[Tensor], Tensor]) -> Tensor:
        return change(self._block(index))

    def _block(self, index: int) -> Tensor:
        if index not in self._computed:
            with torch.set_grad_enabled(self._with_gradients):
                self._computed[index] = self._blocks[index][1]()
        return self._computed[index]
