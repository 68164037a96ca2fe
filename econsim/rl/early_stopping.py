"""Early stopping: detection that the returns of learning roles have stopped growing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MEMORY = 0.9  # weight of the previous mean in the moving average; single rollouts are too noisy to compare


class EarlyStopping:
    """Stops once no role's smoothed return has reached a new maximum for ``limit`` iterations; ``None``: never."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.smooth: dict[str, float] = {}
        self.best: dict[str, float] = {}
        self.improved = 0

    def see(self, role: str, iteration: int, mean_return: float | None) -> None:
        """Add a role's mean return in an iteration; ``None`` if no episode ended."""
        if mean_return is None:
            return
        mean = MEMORY * self.smooth.get(role, mean_return) + (1 - MEMORY) * mean_return
        self.smooth[role] = mean
        if mean > self.best.get(role, -float("inf")):
            self.best[role], self.improved = mean, iteration

    def is_over(self, iteration: int) -> bool:
        """Return whether training should stop after this iteration."""
        return self.limit is not None and iteration - self.improved >= self.limit

    def stored(self) -> dict[str, Any]:
        """Return the state, for a checkpoint."""
        return {"smooth": self.smooth, "best": self.best, "improved": self.improved}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Load what :meth:`stored` returned."""
        self.smooth, self.best = dict(stored["smooth"]), dict(stored["best"])
        self.improved = int(stored["improved"])
