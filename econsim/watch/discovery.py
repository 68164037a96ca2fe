"""Which runs and sweeps there are under a folder, and what state each run is in."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from econsim.errors import UserError
from econsim.runs.folder import Run
from econsim.sweep import is_sweep

__all__ = ["Found", "find", "last_words", "signature", "state_of"]

_DEEPEST = 3
_MOST = 2000
QUIET_AFTER = 180.0  # seconds without a sign of life
FINISHED, RUNNING, QUIET = "finished", "in progress", "stopped or quiet"


@dataclass(frozen=True)
class Found:
    """The runs, those in progress and the newest first, and the sweeps under a folder, by what the page calls them."""

    runs: dict[str, Path]
    sweeps: dict[str, Path]

    def run(self, name: str | None) -> Run | None:
        """Return a run that was found, never one that somebody else asks for."""
        return Run(self.runs[name]) if name in self.runs else None


def find(folder: Path) -> Found:
    """Return what is in ``folder``: one run, or the runs and sweeps that it holds.

    Raises:
        UserError: there is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; give that of a run, or one that holds runs")
    if _is_run(folder):
        return Found({folder.resolve().name: folder}, {})
    places = list(_places(folder, 0))
    runs = sorted((path for path in places if _is_run(path)), key=_rank)
    sweeps = [path for path in places if is_sweep(path)]
    named = ({str(path.relative_to(folder)): path for path in some} for some in (runs[:_MOST], sweeps))
    return Found(*named)


def state_of(run: Run) -> str:
    """Return whether a run is finished, in progress, or gave no sign of life for some minutes."""
    if run.finished:
        return FINISHED
    return RUNNING if time.time() - _last_sign(run) < QUIET_AFTER else QUIET


def signature(run: Run) -> str:
    """Return a text that changes when a run has something new to show."""
    return f"{state_of(run)} {_last_sign(run)}"


def last_words(run: Run) -> str:
    """Return the last line of the log, without its time; empty where there is none."""
    try:
        lines = (run.path / "log.txt").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1].partition(" ")[2] if lines else ""


def _last_sign(run: Run) -> float:
    signs = [run.path / name for name in ("log.txt", "summary.json", "certificate.json", "metrics.parts")]
    return max((path.stat().st_mtime for path in signs if path.exists()), default=0.0)


def _places(folder: Path, depth: int) -> Iterator[Path]:
    """Yield a folder and those in it, down to some depth; a run holds no others."""
    yield folder
    if depth < _DEEPEST and not _is_run(folder):
        with os.scandir(folder) as entries:
            below = [Path(entry) for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
        for path in below:
            yield from _places(path, depth + 1)


def _is_run(path: Path) -> bool:
    return (path / "scenario.yaml").is_file() and (path / "environment.json").is_file()


def _rank(path: Path) -> tuple[bool, int, float]:
    """Return by what runs are sorted: those in progress first, single ones before those of a sweep, then by age."""
    started = (path / "environment.json").stat().st_mtime
    return state_of(Run(path)) != RUNNING, len(path.parts), -started
