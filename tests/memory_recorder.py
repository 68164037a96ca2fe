"""A recorder that keeps everything in memory, and can stop a fit as an interrupt would."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any


class Interrupted(Exception):  # noqa: N818 - it is no error
    """The fit was stopped."""


class MemoryRecorder:
    """Implements :class:`econsim.learning.Recorder`."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.rows: list[tuple[str, str, int, float]] = []
        self.done: list[tuple[int, int]] = []
        self.checkpoints: list[tuple[int, dict[str, Any]]] = []
        self.stop_after = stop_after

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        self.rows.append((role, name, step, value))

    def progress(self, done: int, total: int, message: str = "") -> None:
        self.done.append((done, total))
        if done == self.stop_after:
            raise Interrupted

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        self.checkpoints.append((step, deepcopy(dict(state))))

    def restore(self) -> tuple[int, dict[str, Any]] | None:
        return self.checkpoints[-1] if self.checkpoints else None

    def values(self, role: str, name: str) -> list[float]:
        return [value for row_role, row_name, _, value in self.rows if (row_role, row_name) == (role, name)]
