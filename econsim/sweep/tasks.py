"""Tasks of workers: the execution of one unit, whose results are written to the sweep's folder or its URL.

    runs/000012/       run folder of a run that is a unit of its own
    batches/000003/    metrics.parquet and accounts.parquet of runs that were packed into one batch

A finished unit is not executed again, and an interrupted run is resumed where possible. The folder of a batch is
written under a temporary name and then renamed; a run folder is finished when it contains a summary.
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
from econsim.runs.backend import TENSORS
from econsim.sweep.storage import Place, is_full
from econsim.sweep.variants import Variants

__all__ = ["Task", "TaskResult", "batch_name", "perform", "perform_plain", "run_name"]

_MOST_OF_AN_ERROR = 4_000


@dataclass(frozen=True)
class Task:
    """One unit as plain data, which is sufficient to execute it on any machine.

    ``bases`` holds the base scenarios of ``members`` by number; ``place`` is the folder or URL of the results.
    """

    unit: int
    packed: bool
    members: list[dict[str, Any]]
    bases: dict[str, dict[str, Any]]
    place: str
    device: str = "cpu"
    threads: int = 1
    backend: str = TENSORS
    reports: bool = False
    plugins: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return the task as plain data, which can be written as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class TaskResult:
    """The result of a unit: ``error`` is ``None`` if the unit is done.

    ``full``: the disk is full, so other units will fail too. ``hopeless``: another attempt would fail in the same way.
    """

    unit: int
    error: str | None = None
    full: bool = False
    hopeless: bool = False
    seconds: float | None = None


def run_name(number: int) -> str:
    """Return the path of a run's folder, relative to the sweep's folder."""
    return f"runs/{number:06d}"


def batch_name(unit: int) -> str:
    """Return the path of a batch's folder, relative to the sweep's folder."""
    return f"batches/{unit:06d}"


def perform(task: Task) -> TaskResult:
    """Execute a unit; errors are returned in the result and not raised."""
    begun = time.monotonic()
    try:
        for plugin in task.plugins:
            if Path(plugin).name not in kinds.plugins():
                kinds.add_plugin(plugin)
        _make_batch(task) if task.packed else _make_run(task)
    except KeyboardInterrupt:
        raise
    except Exception as error:
        return TaskResult(task.unit, _error_text(error), is_full(error), isinstance(error, UserError))
    return TaskResult(task.unit, seconds=time.monotonic() - begun)


def perform_plain(task: dict[str, Any]) -> dict[str, Any]:
    """Execute a unit given as plain data and return the result as plain data, for use on other machines."""
    return asdict(perform(Task(**task)))


def _make_run(task: Task) -> None:
    from econsim.report import write_report
    from econsim.runs import execute, resume

    (member,) = task.members
    with Place(task.place).run_folder(run_name(member["number"])) as folder:
        if folder is None:
            return
        if (folder / "environment.json").is_file():
            # The sweep has compared the versions and has the user's agreement; it has been continued under them.
            run = resume(folder, quiet=True, accept_changed_versions=True, agreed=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            (scenario,) = _scenarios(task)
            run = execute(scenario, folder, task.device, quiet=True, threads=task.threads, backend=task.backend)
        if task.reports and not (folder / "report.html").is_file():
            write_report(run, with_png=False)


def _make_batch(task: Task) -> None:
    from econsim.runs.machine import computing_on, device_named
    from econsim.sweep.batch import Packed, packed_scores
    from econsim.sweep.batch_tables import write_scores

    runs = [
        Packed(member["number"], scenario, member["parameters"])
        for member, scenario in zip(task.members, _scenarios(task), strict=True)
    ]
    with Place(task.place).batch_folder(batch_name(task.unit)) as folder, computing_on(task.threads):
        if folder is not None:
            write_scores(folder, packed_scores(runs, device_named(task.device), task.backend))


def _scenarios(task: Task) -> Sequence[Any]:
    variants = {number: Variants(base) for number, base in task.bases.items()}
    return [variants[str(member["base"])].scenario(member["numbers"]) for member in task.members]


def _error_text(error: Exception) -> str:
    if isinstance(error, EconsimError):
        return str(error)[:_MOST_OF_AN_ERROR]
    trace = "".join(traceback.format_exception(error))
    return f"{type(error).__name__}: {error}\n{trace[-_MOST_OF_AN_ERROR:]}"
