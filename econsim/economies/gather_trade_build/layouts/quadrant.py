"""Random maps of four quadrants separated by a cross of water with gaps; stone on the left, wood at the top."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from econsim.economies.gather_trade_build.layouts._clumps import NEVER, Clumped, draw_sources, log_ramp

__all__ = ["Parameters", "Quadrant"]

GAP = (0.2, 0.35)  # of each half of an arm, as fractions of the arm from its nearer end


class Parameters(Clumped):
    """Parameters of quadrant maps."""

    gradient_steepness: float = Field(8.0, ge=0, le=50)
    """Exponent of the decline of source weights from the left and from the top; 0: uniform weights."""


class Quadrant:
    """Maps like Open-Quadrant, redrawn in every episode (``quadrant`` in the AI Economist's code)."""

    random = True

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.height, self.width = parameters.height, parameters.width

    def draw(self, key: Tensor) -> Tensor:
        """Return tile codes of maps ``[B, H, W]``.

        Each gradient has half of ``gradient_steepness`` as its exponent. The weight of stone is the gradient from the
        left times the sum of both gradients, and that of wood the gradient from the top times that sum. The gaps in the
        water have no sources, as in the original.
        """
        half = self.parameters.gradient_steepness / 2
        left = log_ramp(self.width, half).flip(0).to(key.device)[None, None, :]
        top = log_ramp(self.height, half).flip(0).to(key.device)[None, :, None]
        both = torch.logaddexp(left, top).masked_fill(self._lines().to(key.device), NEVER)
        return draw_sources(key, self.parameters, both + left, both + top, self.water().to(key.device))

    def water(self) -> Tensor:
        """Return the mask of the water cross, ``[H, W]`` bool."""
        water = torch.zeros((self.height, self.width), dtype=torch.bool)
        water[:, self.width // 2] = _arm(self.height)
        water[self.height // 2, :] = _arm(self.width)
        return water

    def _lines(self) -> Tensor:
        """Return the mask of the row and column of the cross, gaps included, ``[H, W]`` bool."""
        row, column = torch.arange(self.height)[:, None], torch.arange(self.width)
        return (row == self.height // 2) | (column == self.width // 2)


def _arm(length: int) -> Tensor:
    """Return the mask of water along an arm, ``[length]``: all tiles except a gap in each half."""
    position = (torch.arange(length) + 0.5) / length
    from_end = torch.minimum(position, 1 - position)
    return (from_end < GAP[0]) | (from_end > GAP[1])
