"""Launchers: who makes the units of a sweep. Each is a module named after its option ``--launcher``."""

from __future__ import annotations

from typing import Protocol

from econsim.sweep.tasks import Task, TaskResult

__all__ = ["Launcher"]


class Launcher(Protocol):
    """Makes units somewhere else and tells how they ended. Which unit is made when is decided by who calls it."""

    def free(self) -> bool:
        """Return whether another unit can be taken now."""

    def submit(self, task: Task) -> None:
        """Take a unit."""

    def wait(self, seconds: float) -> list[TaskResult]:
        """Return units that ended, at the latest after some seconds (then there may be none)."""

    def stop(self) -> None:
        """End all work at once; what is unfinished can be continued later."""
