"""Pace of an iterative solver: the work that is done, and when to stop."""

from __future__ import annotations

from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from econsim.learning import SolverProgress

_WHOLE = 1_000_000  # units of equal cost that are reported for all the work


class Stops(Protocol):
    """A function that says whether to stop."""

    def __call__(self, done: int, message: str = "", gap: float | None = None) -> bool:
        """Return whether to stop after ``done`` iterations, whose best result has this gap (``None``: not known)."""


def deadline_of_gaps(time_limit: float | None) -> float:
    """Return the end, on the clock of :func:`~time.monotonic`, of a computation of gaps that may begin after the limit.

    It may take as long as the solver, and at least a second.
    """
    return inf if time_limit is None else monotonic() + max(1.0, time_limit)


class Pace:
    """Reports the progress of one solution, and stops it at the time limit or when the user asks for it.

    The share that is done is that of the iterations or of the time limit, whichever is larger: at the latest then, the
    solver ends.

    Args:
        iterations: the largest number of iterations, of equal cost.
        time_limit: in seconds, from now on.
        progress: receives the progress; see :class:`~econsim.learning.SolverProgress`.
    """

    def __init__(self, iterations: int, time_limit: float | None, progress: SolverProgress | None) -> None:
        self._iterations, self._progress = iterations, progress
        self._start, self._limit = monotonic(), inf if time_limit is None else time_limit
        self._gaps: list[tuple[int, float]] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the solution began."""
        return monotonic() - self._start

    @property
    def left(self) -> float:
        """Seconds that are left; infinite without a time limit."""
        return self._limit - self.elapsed

    @property
    def gaps(self) -> tuple[tuple[int, float], ...]:
        """The iterations done and the gap at each report that gave one; see :class:`~econsim.learning.Solution`."""
        return tuple(self._gaps)

    def stops(self, done: int, message: str = "", gap: float | None = None) -> bool:
        """Report that ``done`` iterations are done, and return whether the solver stops here."""
        if gap is not None:
            self._gaps.append((done, gap))
        elapsed = self.elapsed
        is_asked = False
        if self._progress is not None:
            of_time = elapsed / self._limit if self._limit > 0 else 1.0
            share = min(1.0, max(done / self._iterations, of_time))
            is_asked = self._progress(int(share * _WHOLE), _WHOLE, message)
        return is_asked or elapsed >= self._limit
