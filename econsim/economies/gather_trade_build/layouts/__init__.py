"""Layouts: maps of Gather-Trade-Build, fixed or drawn for every environment copy and episode.

A layout is a kind: a module in this package, or in a plug-in under ``economies/gather_trade_build/layouts``. Maps are
arrays of tile codes. All draws of a layout have the same numbers of stone sources and of wood sources, since tensors
have static shapes.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

EMPTY, WATER, STONE, WOOD = range(4)


class Layout(Protocol):
    """A fixed map, or a distribution of maps."""

    height: int
    width: int
    random: bool
    """Whether every environment copy and episode has its own map."""

    def draw(self, key: Tensor) -> Tensor:
        """Return tile codes, uint8 ``[B, H, W]`` for keys ``[B]``, or ``[1, H, W]`` if the map is fixed."""
