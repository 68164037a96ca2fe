"""What a worker does, wherever it is: make one unit and leave its results in the sweep's folder or at its URL.

    runs/000012/       a run folder, of a run made alone
    batches/000003/    metrics.parquet and accounts.parquet of runs that were packed into one batch

A unit that is there is not made again; one that was begun is continued where it can be. Folders of batches appear
whole, by rename; a run folder is finished once its summary is there.
"""

from __future__ import annotations

import shutil
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from econsim import kinds
from econsim.errors import EconsimError, UserError
from econsim.sweep.storage import Place, is_full
from econsim.sweep.variants import Variants

__all__ = ["Task", "TaskResult", "batch_name", "perform", "perform_plain", "run_name"]

_MOST_OF_AN_ERROR = 4_000


@dataclass(frozen=True)
class Task:
    """One unit as plain data: what is needed to make it anywhere.

    ``bases`` holds the bases of the scenarios of ``members`` by number; ``place`` is where results go, a folder or URL.
    """

    unit: int
    packed: bool
    members: list[dict[str, Any]]
    bases: dict[str, dict[str, Any]]
    place: str
    device: str = "cpu"
    threads: int = 1
    reports: bool = False
    plugins: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return plain data, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class TaskResult:
    """How a unit ended: ``error`` is ``None`` where it is done.

    ``full``: there is no space left, so that others will fail too. ``hopeless``: another attempt would fail alike.
    """

    unit: int
    error: str | None = None
    full: bool = False
    hopeless: bool = False
    seconds: float | None = None


def run_name(number: int) -> str:
    """Return the place of a run's folder within the sweep."""
    return f"runs/{number:06d}"


def batch_name(unit: int) -> str:
    """Return the place of a batch's folder within the sweep."""
    return f"batches/{unit:06d}"


def perform(task: Task) -> TaskResult:
    """Make a unit; what goes wrong is told, never raised."""
    begun = time.monotonic()
    try:
        for each in task.plugins:
            if Path(each).name not in kinds.plugins():
                kinds.add_plugin(each)
        _make_batch(task) if task.packed else _make_run(task)
    except KeyboardInterrupt:
        raise
    except Exception as error:
        return TaskResult(task.unit, _told(error), is_full(error), isinstance(error, UserError))
    return TaskResult(task.unit, seconds=time.monotonic() - begun)


def perform_plain(task: dict[str, Any]) -> dict[str, Any]:
    """Make a unit given as plain data and tell how it ended alike: what is sent to other machines."""
    return asdict(perform(Task(**task)))


def _make_run(task: Task) -> None:
    from econsim.report import write_report
    from econsim.runs import execute, resume

    (member,) = task.members
    with Place(task.place).run_folder(run_name(member["number"])) as folder:
        if folder is None:
            return
        if (folder / "environment.json").is_file():
            run = resume(folder, quiet=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            run = execute(_scenarios(task)[0], folder, task.device, quiet=True, threads=task.threads)
        if task.reports and not (folder / "report.html").is_file():
            write_report(run)


def _make_batch(task: Task) -> None:
    from econsim.runs.machine import device_named, using_threads
    from econsim.sweep.batch import Packed, packed_scores
    from econsim.sweep.batch_tables import write_scores

    runs = [
        Packed(member["number"], scenario, member["parameters"])
        for member, scenario in zip(task.members, _scenarios(task), strict=True)
    ]
    with Place(task.place).batch_folder(batch_name(task.unit)) as folder, using_threads(task.threads):
        if folder is not None:
            write_scores(folder, packed_scores(runs, device_named(task.device)))


def _scenarios(task: Task) -> Sequence[Any]:
    variants = {number: Variants(base) for number, base in task.bases.items()}
    return [variants[str(member["base"])].scenario(member["numbers"]) for member in task.members]


def _told(error: Exception) -> str:
    if isinstance(error, EconsimError):
        return str(error)[:_MOST_OF_AN_ERROR]
    last = "".join(traceback.format_exception(error))
    return f"{type(error).__name__}: {error}\n{last[-_MOST_OF_AN_ERROR:]}"
