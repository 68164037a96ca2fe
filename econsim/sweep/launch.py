"""Starting and resuming of sweeps.

    sweeps/<name>/  sweep.yaml (the request)  index.sqlite (the state of every run)  environment.json  log.txt
                    runs/<number>/ (run folders)  batches/<unit>/ (tables of packed runs)  logs/ (of workers)
                    runs.parquet  metrics.parquet  accounts.parquet (of the whole sweep)

Tables and batches are written under temporary names and then renamed. A resumed sweep reads unfinished runs from the
index.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import Field

from econsim.errors import UserError
from econsim.parameters import Model
from econsim.runs.backend import TENSORS, check_backend
from econsim.runs.environment import command_on, describe_environment
from econsim.scenario.yaml_writer import yaml_text
from econsim.storage.files import new_folder, write_json, write_text
from econsim.storage.links import refuse_links
from econsim.storage.locks import locked
from econsim.storage.user_files import check_name
from econsim.sweep.aggregate import collect
from econsim.sweep.backends import prepared
from econsim.sweep.folder import INDEX, Sweep, open_sweep
from econsim.sweep.goals import check_goals, goal_named, goals_of_pair
from econsim.sweep.index import FAILED, RUNNING, Index
from econsim.sweep.launching import launcher_for
from econsim.sweep.packing import Plan, planned_units
from econsim.sweep.progress import SweepProgress
from econsim.sweep.request import Request
from econsim.sweep.scheduler import ExecutionOptions, conduct
from econsim.sweep.storage import Place
from econsim.sweep.table import Table, table_of
from econsim.sweep.tracking import tracked
from econsim.sweep.variants import Variants
from econsim.sweep.versions import check_versions

__all__ = ["Options", "SweepInterrupted", "resume_sweep", "start_sweep"]


class SweepInterrupted(KeyboardInterrupt):
    """Raised when the user stops a sweep; ``path`` is its folder, which can be resumed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"stopped; continue with: {command_on(path, 'resume')}")


class Options(Model):
    """Options for the execution of a sweep, stored in its index, so that a resumed sweep uses the same options."""

    launcher: str = "local"
    """``local``, ``ray`` or ``slurm``."""
    workers: int | None = None
    """Number of units executed in parallel; by default the number of cores (local) or the capacity of the cluster."""
    pack: bool = True
    """Put runs that differ only in numeric values into one batch."""
    retries: int = 1
    """Number of times that a failed run is tried again."""
    device: str = "cpu"
    """Device of each run: ``cpu``, ``cuda`` or ``auto``."""
    threads: int = 1
    """CPU threads per run; results may differ in rounding with another number."""
    backend: str = TENSORS
    """Backend of each run: ``tensors``, or ``kernels`` for games that offer kernels on the CPU."""
    reports: bool = False
    """Write a report of every run that is not part of a batch."""
    results: str | None = None
    """URL of shared storage for the results; by default the sweep's folder."""
    cpus: float = 1.0
    """CPUs per run on a cluster."""
    gpus: float = 0.0
    """GPUs per run on a cluster; a fraction lets several runs share a GPU."""
    address: str | None = None
    """Address of a Ray cluster."""
    cluster: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Further SLURM options under the names that submitit gives them: ``partition``, ``timeout_min``, ``mem_gb`` ..."""
    track: tuple[str, ...] = ()
    """Trackers: ``tensorboard``, ``mlflow``, ``wandb``."""
    frontier: str | None = None
    """Two metrics of which the report shows the frontier, as in ``equality,productivity``."""
    best: str | None = None
    """The metric by which the best point is chosen, which is then evaluated on held-out seeds."""

    def at_once(self) -> int:
        """Return the number of units executed in parallel on this machine."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return self.workers or cores or 1

    def outside(self) -> str:
        """Return the options that send work or results to other places than the sweep's folder, in words."""
        options = {
            "--launcher": self.launcher if self.launcher != "local" else None,
            "--results": self.results,
            "--track": ",".join(name for name in self.track if name != "tensorboard"),
        }
        return " ".join(f"{option} {value}" for option, value in options.items() if value)


def start_sweep(
    request: Request,
    out: Path | None = None,
    options: Options | None = None,
    quiet: bool = False,
    agreed: bool = True,
) -> Sweep:
    """Execute every run of a request, collect the tables, and return the sweep.

    Args:
        request: the scenario and the axes.
        out: the folder; by default a new one under ``sweeps/``.
        options: options for the execution.
        quiet: print nothing.
        agreed: the user agrees to the forecast number and cost of calls to a language model.

    Raises:
        UserError: the request is invalid, kernels are requested on a GPU or without numba, or the folder is in use;
            nothing was started.
        RunError: the disk is full; the sweep can be resumed.
        SweepInterrupted: the user stopped the sweep.
    """
    options = options or Options()
    check_backend(options.backend, options.device)
    table = table_of(request)
    _check_metrics(table, options)
    if not agreed:
        from econsim.sweep.forecast import check_all_agreed

        check_all_agreed(table)
    plan = planned_units(table, options.at_once(), options.pack)
    folder = out or new_folder(Path("sweeps") / f"{Path(request.scenario).stem}-{datetime.now():%Y%m%d-%H%M%S}")
    _check_empty(folder)
    with locked(folder) as lock:
        _check_empty(folder)  # another process may have started a sweep in it meanwhile
        _create(folder, request, table, plan, options)
        with SweepProgress(folder, quiet) as showing:
            for line in said(plan):
                showing.say(line)
            _finish(folder, lock, options, showing)
    return open_sweep(folder)


def resume_sweep(
    path: str | Path, quiet: bool = False, accept_changed_versions: bool = False, agreed: bool = False
) -> Sweep:
    """Execute the unfinished and failed runs of a sweep and collect its tables again.

    Args:
        path: the folder of the sweep.
        quiet: print nothing.
        accept_changed_versions: continue although versions have changed that can change numbers.
        agreed: the user agrees to sending a key to the language model that the folder names, and to the stored options
            that send work or results to other places.

    Raises:
        UserError: the folder holds no sweep, it contains a symbolic link, another process is executing it, something
            would be sent elsewhere and ``agreed`` is not set, or versions have changed and this is not accepted.
    """
    sweep = open_sweep(path)
    folder = sweep.path
    refuse_links(folder)
    sweep.scenario(0)  # names a plug-in that is not loaded
    with locked(folder) as lock, SweepProgress(folder, quiet) as showing:
        with Index(folder / INDEX) as index:
            options = Options.model_validate_json(index.about["options"])
            if not agreed:
                _check_agreed(folder, index, options)
            environment = describe_environment(0, options.device, options.backend)
            for note in check_versions(folder, environment, command_on(folder, "resume"), accept_changed_versions):
                showing.say(note)
            index.forget((RUNNING, FAILED))
        _finish(folder, lock, options, showing)
    return open_sweep(folder)


def _check_agreed(folder: Path, index: Index, options: Options) -> None:
    """Check that a sweep, which may be someone else's, sends no key, work or results elsewhere."""
    from econsim.runs.llm_session import check_key_agreed

    if outside := options.outside():
        raise UserError(
            f"{folder}: this sweep was started with {outside}. Confirm with --yes (in Python: agreed=True) that its"
            " work and results go there"
        )
    for base in index.bases().values():
        check_key_agreed(Variants(base).first.llm, folder)


def said(plan: Plan) -> Iterator[str]:
    """Yield lines of text on the axes that were packed, and the reasons why others were not."""
    packed = [len(unit.members) for unit in plan.units if unit.packed]
    alone = len(plan.units) - len(packed)
    batch = f"{sum(packed):,} in {len(packed):,} batch{'es' * (len(packed) != 1)}, " * bool(packed)
    yield f"{sum(packed) + alone:,} runs: {batch}{alone:,} alone"
    for key, how in plan.packed.items():
        if key not in plan.apart:
            yield f"  packed: {key} ({how})"
    for key, reason in plan.apart.items():
        yield f"  not packed: {key} ({reason})"


def _check_metrics(table: Table, options: Options) -> None:
    """Check the metrics that the report will need before anything is run."""
    if options.frontier is not None:
        check_goals(table, goals_of_pair(options.frontier), f"--frontier {options.frontier}")
    if options.best is not None:
        check_goals(table, [goal_named(options.best)], f"--best {options.best}")


def _check_empty(folder: Path) -> None:
    check_name(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [entry.name for entry in folder.iterdir() if entry.name != "lock"]
    except OSError as error:
        raise UserError(f"{folder}: cannot create this folder ({error.strerror})") from error
    if INDEX in names:
        raise UserError(
            f"{folder}: this folder already holds a sweep; continue it with: {command_on(folder, 'resume')}"
        )
    if names:
        raise UserError(f"{folder}: this folder is not empty; choose another with --out")


def _create(folder: Path, request: Request, table: Table, plan: Plan, options: Options) -> None:
    write_text(folder / "sweep.yaml", yaml_text(request.model_dump(mode="json", exclude_none=True)))
    write_json(folder / "environment.json", describe_environment(0, options.device, options.backend))
    about = {
        "options": options.model_dump_json(),
        "scenario": request.scenario,
        "packed": json.dumps(dict(plan.packed)),
        "apart": json.dumps(dict(plan.apart)),
    }
    Index.create(folder / INDEX, table, plan, about).close()


def _finish(folder: Path, lock: int, options: Options, showing: SweepProgress) -> None:
    place = options.results or str(folder.resolve())
    how = ExecutionOptions(place, options.device, options.threads, options.backend, options.reports, options.retries)
    with (
        Index(folder / INDEX) as index,
        _interruptible(folder),
        tracked(folder, options.track) as watch,
    ):
        if index.waiting():
            kinds_of_runs = [Variants(base).first for base in index.bases().values()]
            for line in prepared(kinds_of_runs, options.backend, options.launcher == "local"):
                showing.say(line)
            conduct(index, launcher_for(options, folder, lock), how, showing, watch)
        collect(folder, index, Place(place))
        counts = index.counts()
        failed = f", {counts['failed']:,} failed (see the column error of runs.parquet)" * bool(counts["failed"])
        showing.say(f"{counts['done']:,} runs done{failed}")
        showing.say(f"sweep: {folder}")


@contextmanager
def _interruptible(folder: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as error:
        raise SweepInterrupted(folder) from error
    except Exception as error:
        error.add_note(f"finished runs are kept; continue with: {command_on(folder, 'resume')}")
        raise
