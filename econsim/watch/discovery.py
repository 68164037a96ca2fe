"""Discovery of the runs and sweeps under a folder, and of the state of each run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from econsim.errors import UserError
from econsim.runs.folder import Run
from econsim.sweep import is_sweep

__all__ = ["Discovered", "find", "last_log_line", "signature", "state_of"]

_DEEPEST = 3
_MOST = 2000
INACTIVE_AFTER = 180.0  # seconds without a change of the run's files
FINISHED, RUNNING, INACTIVE = "finished", "in progress", "stopped or inactive"


@dataclass(frozen=True)
class Discovered:
    """The runs (first those in progress, then the newest) and the sweeps under a folder, by their names on the page."""

    runs: dict[str, Path]
    sweeps: dict[str, Path]

    def run(self, name: str | None) -> Run | None:
        """Return a discovered run by name, or ``None``; names are never used as paths."""
        return Run(self.runs[name]) if name in self.runs else None


def find(folder: Path) -> Discovered:
    """Return the run in ``folder`` if it is the folder of a run, else all runs and sweeps under it.

    Raises:
        UserError: there is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; expected the folder of a run, or a folder that contains runs")
    if _is_run(folder):
        return Discovered({folder.resolve().name: folder}, {})
    paths = list(_folders(folder, 0))
    runs = sorted((path for path in paths if _is_run(path)), key=_rank)
    sweeps = [path for path in paths if is_sweep(path)]
    by_name = ({str(path.relative_to(folder)): path for path in group} for group in (runs[:_MOST], sweeps))
    return Discovered(*by_name)


def state_of(run: Run) -> str:
    """Return whether a run is finished, in progress, or has not changed for several minutes."""
    if run.finished:
        return FINISHED
    return RUNNING if time.time() - _last_change(run) < INACTIVE_AFTER else INACTIVE


def signature(run: Run) -> str:
    """Return a text that changes whenever the content or the state of a run changes."""
    return f"{state_of(run)} {_last_change(run)}"


def last_log_line(run: Run) -> str:
    """Return the last line of the log without its time; empty if there is no log."""
    try:
        lines = (run.path / "log.txt").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1].partition(" ")[2] if lines else ""


def _last_change(run: Run) -> float:
    names = ("log.txt", "summary.json", "certificate.json", "metrics.parquet", "metrics.parts")
    files = [run.path / name for name in names]
    return max((path.stat().st_mtime for path in files if path.exists()), default=0.0)


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    """Yield a folder and the folders in it, down to a limited depth; folders inside a run are skipped."""
    yield folder
    if depth < _DEEPEST and not _is_run(folder):
        with os.scandir(folder) as entries:
            below = [Path(entry) for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
        for path in below:
            yield from _folders(path, depth + 1)


def _is_run(path: Path) -> bool:
    return (path / "scenario.yaml").is_file() and (path / "environment.json").is_file()


def _rank(path: Path) -> tuple[bool, int, float]:
    """Return the sort key of a run: runs in progress first, single runs before those of a sweep, then by age."""
    started = (path / "environment.json").stat().st_mtime
    return state_of(Run(path)) != RUNNING, len(path.parts), -started
