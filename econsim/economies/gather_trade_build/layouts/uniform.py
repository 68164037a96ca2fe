"""Random maps without water, with stone towards the top and wood towards the bottom."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from econsim.economies.gather_trade_build.layouts._clumps import Clumped, draw_sources, log_ramp, no_water

__all__ = ["Parameters", "Uniform"]


class Parameters(Clumped):
    """Parameters of uniform maps."""

    gradient_steepness: float = Field(8.0, ge=0, le=50)
    """Exponent of the gradients: the weight of wood increases with the row, that of stone decreases; 0: uniform."""


class Uniform:
    """Maps without water, redrawn in every episode (``uniform`` in the AI Economist's code)."""

    random = True

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.height, self.width = parameters.height, parameters.width

    def draw(self, key: Tensor) -> Tensor:
        """Return tile codes of maps ``[B, H, W]``."""
        down = log_ramp(self.height, self.parameters.gradient_steepness).to(key.device)[None, :, None]
        return draw_sources(key, self.parameters, down.flip(1), down, no_water(self.parameters, key.device))
