"""Secant method within bounds for the price at which a market clears."""

from __future__ import annotations

import numpy as np

__all__ = ["SecantLine"]


class SecantLine:
    """The points that are tried, in which the gap of the market rises.

    Args:
        first: the point to try first.
        lowest: a point below that of the equilibrium.
        longest: step.
        highest: a point above that of the equilibrium; none by default.

    Attributes:
        point: to try next; a monotone function of the price.
    """

    def __init__(self, first: float, lowest: float, longest: float = 2.0, highest: float = np.inf) -> None:
        self.point, self._lowest, self._slope = float(first), float(lowest), 1.0
        self._longest, self._highest = longest, float(highest)
        self.forget_bounds()

    def forget_bounds(self) -> None:
        """Forget what the last grid gave but the slope."""
        self._low, self._high = self._lowest, self._highest
        self._before: tuple[float, float] | None = None

    def move(self, gap: float, is_certain: bool) -> None:
        """Move to the next point, given the gap at the last one and whether its sign is certain."""
        if is_certain:
            self._low, self._high = (self.point, self._high) if gap < 0 else (self._low, self.point)
        if self._before is not None and self._before[1] != gap and self._before[0] != self.point:
            self._slope = (gap - self._before[1]) / (self.point - self._before[0])
        self._before = self.point, gap
        for step in (-gap / self._slope, -gap):  # of the secant method; of unit slope where that leaves the bounds
            new = self.point + float(np.clip(step, -self._longest, self._longest))
            if self._low < new < self._high:
                self.point = new
                return
        self.point = (self._low + self._high) / 2 if np.isfinite(self._high) else self.point + 1
