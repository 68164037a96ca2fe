"""Number of simultaneous calls, adapted to the server as TCP adapts its window.

It begins with one call, which shows whether the server answers at all, grows by one with each answer, and is halved
when the server is overloaded. From half of the number that overloaded it, it grows by one each time that all calls in
progress were answered (slow start and additive increase with multiplicative decrease; Jacobson 1988, "Congestion
avoidance and control").
"""

from __future__ import annotations

__all__ = ["Concurrency"]


class Concurrency:
    """The number of calls that may be in progress, from 1 to ``most``."""

    def __init__(self, most: int) -> None:
        self._most, self._allowed, self._threshold = most, 1.0, float(most)
        self._sent = self._halved_at = 0

    @property
    def allowed(self) -> int:
        """The number of calls that may be in progress now."""
        return int(self._allowed)

    def sent(self) -> int:
        """Count a call, and return its number."""
        self._sent += 1
        return self._sent

    def answered(self) -> None:
        """Allow more calls."""
        step = 1.0 if self._allowed < self._threshold else 1.0 / self._allowed
        self._allowed = min(self._allowed + step, float(self._most))

    def overloaded(self, number: int) -> None:
        """Halve the number of calls, once for all calls that were in progress together; ``number``: that of one."""
        if number > self._halved_at:
            self._allowed = self._threshold = max(1.0, self._allowed / 2.0)
            self._halved_at = self._sent
