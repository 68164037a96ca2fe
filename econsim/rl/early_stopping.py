"""Early stopping: whether the returns of learning roles have stopped to grow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MEMORY = 0.9  # weight of what was known; single rollouts are too noisy to compare


class EarlyStopping:
    """Over once no role's smoothed return was better than ever before for ``limit`` iterations; ``None``: never."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.smooth: dict[str, float] = {}
        self.best: dict[str, float] = {}
        self.improved = 0

    def see(self, role: str, iteration: int, found: float | None) -> None:
        """Take note of a role's mean return; ``None`` where no episode ended."""
        if found is None:
            return
        mean = MEMORY * self.smooth.get(role, found) + (1 - MEMORY) * found
        self.smooth[role] = mean
        if mean > self.best.get(role, -float("inf")):
            self.best[role], self.improved = mean, iteration

    def is_over(self, iteration: int) -> bool:
        """Return whether to stop after this iteration."""
        return self.limit is not None and iteration - self.improved >= self.limit

    def stored(self) -> dict[str, Any]:
        """Return what it knows."""
        return {"smooth": self.smooth, "best": self.best, "improved": self.improved}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Take back what :meth:`stored` returned."""
        self.smooth, self.best = dict(stored["smooth"]), dict(stored["best"])
        self.improved = int(stored["improved"])
