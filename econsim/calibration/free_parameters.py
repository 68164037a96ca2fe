"""Parameters that a calibration may change, with their bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econsim.errors import UserError

__all__ = ["FreeParameter"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FreeParameter:
    """A key of a scenario that varies between two bounds, evenly on its own or on a logarithmic scale."""

    key: str
    low: float
    high: float
    logarithmic: bool = False

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            UserError: the bounds are not finite or not ascending, or not positive on a logarithmic scale.
        """
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise UserError(
                f"{self.key}: expected two finite bounds, the lower first, found {self.low:g}:{self.high:g}"
            )
        if self.logarithmic and self.low <= 0:
            raise UserError(f"{self.key}: a logarithmic scale needs positive bounds, found {self.low:g}:{self.high:g}")

    @classmethod
    def parsed(cls, text: str) -> FreeParameter:
        """Return the parameter of a text such as ``economy.utility.elasticity=0.1:2`` or ``...=0.1:2:log``.

        Raises:
            UserError: the text has another form.
        """
        key, equals, bounds = text.partition("=")
        parts = bounds.split(":")
        try:
            if not equals or not key.strip() or len(parts) not in (2, 3) or parts[2:] not in ([], ["log"]):
                raise ValueError
            low, high = (float(part) for part in parts[:2])
        except ValueError:
            raise UserError(f"--free {text}: expected KEY=LOW:HIGH or KEY=LOW:HIGH:log") from None
        return cls(key.strip(), low, high, len(parts) == 3)

    def at(self, share: Floats | float) -> Floats:
        """Return the values at shares of the range in [0, 1]."""
        if self.logarithmic:
            return np.asarray(self.low * (self.high / self.low) ** np.asarray(share))
        return np.asarray(self.low + (self.high - self.low) * np.asarray(share))
