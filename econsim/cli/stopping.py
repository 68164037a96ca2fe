"""Ctrl-C in a solver that iterates: the best result so far instead of none."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from econsim.runs.progress import Report

__all__ = ["Watched", "stopped_by_user"]


class Watched:
    """Shows the progress of a solver, and asks it to stop after Ctrl-C; see ``econsim.learning.SolverProgress``."""

    def __init__(self, report: Report) -> None:
        self._report, self._is_asked, self._was_called = report, False, False
        self.is_stopped = False
        """Whether the solver was asked to stop."""

    def __call__(self, done: int, total: int, message: str = "") -> bool:
        """Show the progress, and return whether the solver has to stop."""
        self._was_called = True
        self._report(done, total, message)
        self.is_stopped = self._is_asked
        return self._is_asked

    def interrupt(self, *_signal: object) -> None:
        """Ask the solver to stop.

        Raises:
            KeyboardInterrupt: the solver has not reported any progress, or was asked before.
        """
        if self._is_asked or not self._was_called:
            raise KeyboardInterrupt("stopped before the solver returned a result")
        self._is_asked = True


@contextmanager
def stopped_by_user(report: Report) -> Iterator[Watched]:
    """Yield the progress of a solver, which the user stops with Ctrl-C, and a second time without a result."""
    watched = Watched(report)
    before = signal.signal(signal.SIGINT, watched.interrupt)
    try:
        yield watched
    finally:
        signal.signal(signal.SIGINT, before)
