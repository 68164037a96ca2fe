"""Random maps in four quadrants, parted by a water cross with gaps: stone to the left, wood at the top."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from econsim.economies.gather_trade_build.layouts._clumps import NEVER, Clumped, draw_sources, log_ramp

__all__ = ["Parameters", "Quadrant"]

GAP = (0.2, 0.35)  # of each half arm, as shares of the side from either end


class Parameters(Clumped):
    """Sources and their gradient."""

    gradient_steepness: float = Field(8.0, ge=0, le=50)
    """Weights fall from the left and from the top as half this power; 0: the same everywhere."""


class Quadrant:
    """Maps like Open-Quadrant, drawn anew in every episode (``quadrant`` in the AI Economist's code)."""

    random = True

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.height, self.width = parameters.height, parameters.width

    def draw(self, key: Tensor) -> Tensor:
        """Return maps ``[B, H, W]``; a tile's weight counts its row and its column, both more where both are large.

        The gaps in the water stay free of sources, as in the original.
        """
        half = self.parameters.gradient_steepness / 2
        left = log_ramp(self.width, half).flip(0).to(key.device)[None, None, :]
        top = log_ramp(self.height, half).flip(0).to(key.device)[None, :, None]
        both = torch.logaddexp(left, top).masked_fill(self._lines().to(key.device), NEVER)
        return draw_sources(key, self.parameters, both + left, both + top, self.water().to(key.device))

    def water(self) -> Tensor:
        """Return the cross, ``[H, W]`` bool."""
        water = torch.zeros((self.height, self.width), dtype=torch.bool)
        water[:, self.width // 2] = _arm(self.height)
        water[self.height // 2, :] = _arm(self.width)
        return water

    def _lines(self) -> Tensor:
        """Return the row and the column of the cross, gaps included, ``[H, W]`` bool."""
        row, column = torch.arange(self.height)[:, None], torch.arange(self.width)
        return (row == self.height // 2) | (column == self.width // 2)


def _arm(length: int) -> Tensor:
    """Return where an arm has water, ``[length]``: everywhere but in a gap on each half."""
    place = (torch.arange(length) + 0.5) / length
    from_end = torch.minimum(place, 1 - place)
    return (from_end < GAP[0]) | (from_end > GAP[1])
