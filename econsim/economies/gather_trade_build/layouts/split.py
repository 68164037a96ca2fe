"""Split-World: a map divided by a row of water, so that only trade connects its two parts."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.economies.gather_trade_build.layouts import WATER, Layout
from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["Parameters", "Split"]


class Parameters(Model):
    """Parameters of a divided map."""

    layout: Annotated[Chosen, FromRoom("economies.gather_trade_build.layouts")] = Field(
        "published", validate_default=True
    )
    """Map to divide; it must be a fixed map."""
    row: int | None = Field(None, ge=1)
    """Row of water, counted from 0 at the top; null: half the height."""

    @model_validator(mode="after")
    def _inside(self) -> Parameters:
        layout: Layout = self.layout.build()
        if layout.random:
            # A row of water would remove a different number of sources in every draw.
            kind = self.layout.kind.name
            raise ValueError(f"layout: kind {kind} draws random maps; choose a fixed map, such as published or text")
        if self.row is not None and self.row >= layout.height - 1:
            rows = layout.height
            raise ValueError(f"row: expected less than {rows - 1} on a map of {rows} rows, found {self.row}")
        if bool((_flooded(layout, self.row, torch.zeros(1, dtype=torch.int64)) == WATER).all()):
            raise ValueError("row: all tiles are water; choose another row")
        return self


class Split:
    """A map divided by a row of water."""

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
