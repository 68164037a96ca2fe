"""Checkpoints: the states of a stage of a run, one folder per step.

A folder ``step-000120/`` is written under a temporary name and then renamed, so that every folder with a final name is
complete, whenever a run is killed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from econsim.storage.files import remove_folder
from econsim.storage.states import is_state, load_state, save_state, written_at

__all__ = ["Checkpoints"]

_ONE_BEFORE = "delete this folder to continue from the one before"


class Checkpoints:
    """The checkpoints of one stage of a run, of which the newest ``keep`` are kept."""

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder = folder
        self.keep = keep

    def save(self, step: int, state: Mapping[str, Any]) -> None:
        """Write the checkpoint of ``step`` and remove the oldest ones."""
        save_state(self._of(step), state)
        for old in self._complete()[: -self.keep]:
            remove_folder(old)

    def newest(self, at_most: int | None = None) -> dict[str, Any] | None:
        """Return the newest complete checkpoint, if given up to step ``at_most``, or ``None`` if there is none."""
        steps = [step for step in self.steps() if at_most is None or step <= at_most]
        return load_state(self._of(steps[-1]), _ONE_BEFORE) if steps else None

    def steps(self) -> list[int]:
        """Return the steps of all complete checkpoints in ascending order."""
        return [int(folder.name.removeprefix("step-")) for folder in self._complete()]

    def newest_written(self) -> tuple[int, float] | None:
        """Return the newest step and when it was stored, in seconds since 1970; ``None`` if there is none."""
        steps = self.steps()
        return (steps[-1], written_at(self._of(steps[-1]))) if steps else None

    def drop_after(self, step: int) -> None:
        """Remove the checkpoints of steps after ``step``."""
        for later_step in self.steps():
            if later_step > step:
                remove_folder(self._of(later_step))

    def clear(self) -> None:
        """Remove all checkpoints."""
        for folder in self._complete():
            remove_folder(folder)

    def _of(self, step: int) -> Path:
        return self.folder / f"step-{step:09d}"

    def _complete(self) -> list[Path]:
        return sorted(folder for folder in self.folder.glob("step-*") if is_state(folder))
