"""Launchers, which execute the units of a sweep. Each is a module named after a value of the option ``--launcher``."""

from __future__ import annotations

from typing import Protocol

from econsim.sweep.tasks import Task, TaskResult

__all__ = ["Launcher"]


class Launcher(Protocol):
    """Interface of launchers: they execute units in other processes and return the results. The caller schedules."""

    def free(self) -> bool:
        """Return whether another unit can be submitted now."""

    def submit(self, task: Task) -> None:
        """Submit a unit for execution."""

    def wait(self, seconds: float) -> list[TaskResult]:
        """Return the results of units that ended; return after ``seconds`` at the latest, possibly with none."""

    def stop(self) -> None:
        """Stop all work immediately; unfinished units can be continued later."""
