"""Layouts: the maps of Gather-Trade-Build, given or drawn anew for every copy and episode.

A layout is a kind: a module here, or in a plug-in under ``economies/gather_trade_build/layouts``. Maps are tile codes;
the number of stone tiles and of wood tiles is the same in every draw of one layout, since tensors have static shapes.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

EMPTY, WATER, STONE, WOOD = range(4)


class Layout(Protocol):
    """A map, or a way to draw maps."""

    height: int
    width: int
    random: bool
    """Every copy and episode has a map of its own."""

    def draw(self, key: Tensor) -> Tensor:
        """Return tile codes, uint8 ``[B, H, W]`` for keys ``[B]``; ``[1, H, W]`` where the map is fixed."""
