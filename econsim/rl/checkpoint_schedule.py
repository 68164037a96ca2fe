"""Schedule of checkpoints: after a number of iterations, or after some minutes if iterations are slow."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from econsim.rl.distributed import gathered

__all__ = ["MINUTES", "CheckpointSchedule"]

MINUTES = 5.0
"""Minutes between the checkpoints of fits that have no setting of their own."""


class CheckpointSchedule:
    """The schedule of one fit. Checkpoints do not change its results: each stores all that the fit continues from."""

    def __init__(
        self, every: int | None = None, minutes: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with the last checkpoint now.

        Args:
            every: number of iterations between checkpoints; by default only the time counts.
            minutes: minutes after which a checkpoint is due in any case; by default ``MINUTES``.
            clock: the time in seconds.
        """
        self._every, self._clock = every, clock
        self._seconds = 60.0 * (MINUTES if minutes is None else minutes)
        self._last = clock()

    def is_due(self, done: int) -> bool:
        """Return whether to write a checkpoint after ``done`` iterations, to be called once after each iteration.

        Processes that train together follow the clock of the first one, since they write a checkpoint together.
        """
        due = self._clock() - self._last >= self._seconds
        due = due or (self._every is not None and done % self._every == 0)
        due = bool(gathered({"due": torch.tensor([due])})["due"][0])
        if due:
            self._last = self._clock()
        return due
