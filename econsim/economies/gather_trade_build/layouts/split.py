"""Split-World: another map with one row of water from side to side, which only the market crosses."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.economies.gather_trade_build.layouts import WATER, Layout
from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["Parameters", "Split"]


class Parameters(Model):
    """The map to split, and where."""

    layout: Annotated[Chosen, FromRoom("economies.gather_trade_build.layouts")] = Field(
        "published", validate_default=True
    )
    """The map, one that is the same in every copy."""
    row: int | None = Field(None, ge=1)
    """Row of water, from the top; none: half the height."""

    @model_validator(mode="after")
    def _inside(self) -> Parameters:
        layout: Layout = self.layout.build()
        if layout.random:
            # A row of water would take another number of sources away in every draw.
            raise ValueError(f"layout: kind {self.layout.kind.name} draws its maps; split one that is fixed")
        if self.row is not None and self.row >= layout.height - 1:
            raise ValueError(f"row: {self.row} leaves nothing below it on a map of {layout.height} rows")
        if bool((_flooded(layout, self.row, torch.zeros(1, dtype=torch.int64)) == WATER).all()):
            raise ValueError("row: the split leaves no tile to stand on")
        return self


class Split:
    """The map with its row of water."""

    random = False

    def __init__(self, parameters: Parameters) -> None:
        self.layout: Layout = parameters.layout.build()
        self.height, self.width = self.layout.height, self.layout.width
        self.row = parameters.row

    def draw(self, key: Tensor) -> Tensor:
        """Return the map, ``[1, H, W]``."""
        return _flooded(self.layout, self.row, key)


def _flooded(layout: Layout, row: int | None, key: Tensor) -> Tensor:
    codes = layout.draw(key)
    across = torch.arange(layout.height, device=codes.device)[:, None] == (layout.height // 2 if row is None else row)
    return torch.where(across, WATER, codes)
