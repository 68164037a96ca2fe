"""Experiment trackers: external programs to which the results of finished runs are logged; none by default.

A tracker is a kind in ``sweep.trackers``: a plug-in adds one as ``my_package/sweep/trackers/name.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from econsim import kinds

if TYPE_CHECKING:
    from econsim.runs import Run

__all__ = ["Tracker", "run_tracker", "tracked"]


class Tracker(Protocol):
    """Interface of trackers."""

    def start(self, folder: Path, run: str, levels: Mapping[str, Any]) -> None:
        """Start a run of the sweep in ``folder``, with its levels by key; a single run has a folder of its own."""

    def log(self, name: str, value: float, step: int) -> None:
        """Log one value of the current run."""

    def finish(self) -> None:
        """End the run."""


@contextmanager
def tracked(folder: Path, names: Sequence[str]) -> Iterator[Callable[[int], None] | None]:
    """Yield the function to call with the number of each finished run, or ``None`` without trackers.

    Raises:
        UserError: there is no such tracker, or its package is not installed.
    """
    trackers: list[Tracker] = [_built(name) for name in names]
    yield None if not trackers else lambda number: _log_run(trackers, folder, number)


def run_tracker(names: Sequence[str]) -> Callable[[Run], None]:
    """Return the function that logs a finished run outside of a sweep, whose files go to the run's folder.

    Raises:
        UserError: there is no such tracker, or its package is not installed.
    """
    trackers = [_built(name) for name in names]

    def log(run: Run) -> None:
        levels = {"scenario": run.scenario.name, "seed": run.scenario.seed}
        if trackers:
            _log(trackers, run.path, run.name, levels, run.metrics.to_dict("records"))

    return log


def _built(name: str) -> Tracker:
    kind = kinds.load("sweep.trackers", name)
    tracker: Tracker = kind.build(kind.parameters())
    return tracker


def _log_run(trackers: Sequence[Tracker], folder: Path, number: int) -> None:
    from econsim.sweep.folder import open_sweep

    sweep = open_sweep(folder)
    name = f"{folder.resolve().name}-{number:06d}"
    _log(trackers, folder, name, sweep.levels(number), sweep.metrics_of(number).to_dict("records"))


def _log(
    trackers: Sequence[Tracker], folder: Path, name: str, levels: Mapping[str, Any], rows: Sequence[Mapping[Any, Any]]
) -> None:
    for tracker in trackers:
        tracker.start(folder, name, levels)
        for row in rows:
            tracker.log(_name(row, rows[0]["seed"]), row["value"], row["step"])
        tracker.finish()


def _name(row: Mapping[str, Any], first_seed: int) -> str:
    """Return the name of a value in trackers: policy, response, seed (except the first), role and metric."""
    seed = "" if row["seed"] == first_seed else f"seed-{row['seed']}"
    return "/".join(filter(None, (row["policy"], row["response"], seed, row["role"], row["name"])))
