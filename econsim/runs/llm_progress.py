"""Progress of the questions to a language model: how many are answered, and the time left at the measured speed."""

from __future__ import annotations

import time
from collections.abc import Callable

from econsim.runs.progress import clock_time

__all__ = ["QuestionProgress"]

_SECONDS_BETWEEN_LINES = 10.0


class QuestionProgress:
    """Reports a line every ten seconds while questions are answered."""

    def __init__(
        self, say: Callable[[str], object], expected: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin to measure.

        Args:
            say: a function that shows one line.
            expected: the forecast number of questions; 0 if there is no forecast.
            clock: the time in seconds.
        """
        self._say, self._expected, self._clock = say, expected, clock
        self._first: tuple[float, int] | None = None
        self._said_at = clock()

    def __call__(self, answered: int) -> None:
        """Take note that ``answered`` questions are answered, and report it if the last line is old enough."""
        now = self._clock()
        self._first = self._first or (now, answered)
        if now - self._said_at >= _SECONDS_BETWEEN_LINES:
            self._said_at = now
            self._say(f"questions to the language model: {self._in_words(now, answered)}")

    def _in_words(self, now: float, answered: int) -> str:
        began, before = self._first or (now, answered)
        if answered >= self._expected:
            return f"{answered:,} answered"
        done = f"{answered:,} of up to {self._expected:,} answered"
        if answered == before:
            return f"{done}, measuring the speed"
        left = (now - began) / (answered - before) * (self._expected - answered)
        return f"{done}, up to {clock_time(left)} left"
