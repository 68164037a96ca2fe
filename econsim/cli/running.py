"""Commands that run scenarios: ``run`` and ``resume``."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from econsim.cli.reporting import report_sweep
from econsim.errors import UserError

if TYPE_CHECKING:
    from econsim.runs import Run

OverridesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Overrides, for example economy.workers=1000.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
ConfirmOption = Annotated[
    bool, typer.Option("--yes", help="Confirm the number and cost of language-model calls, and their key.")
]
AcceptChangedVersions = Annotated[
    bool,
    typer.Option(
        "--accept-changed-versions",
        help="Continue although econsim, torch, numpy, numba or a plug-in has changed, which can change numbers.",
    ),
]

TrackOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="A tracker to log to: tensorboard, mlflow or wandb; repeatable."),
]


ThreadsOption = Annotated[
    int, typer.Option(min=1, help="CPU threads of each run; recorded with it, since they can change rounding.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print no progress.")]


class Backend(StrEnum):
    """Backends that play a game."""

    tensors = "tensors"
    kernels = "kernels"


BackendOption = Annotated[
    Backend,
    typer.Option(
        help="Tensors, or the kernels that a game offers on the CPU: faster, but compiled on first use (see"
        " econsim warm), and rounded differently, so runs and certificates record it."
    ),
]


class Device(StrEnum):
    """Devices that a run can use."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def run(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name from scenarios/, or a path.")],
    overrides: OverridesArgument = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the first training run and of all shocks.")] = None,
    device: Annotated[Device, typer.Option(help="The device; auto uses a GPU if there is one.")] = Device.auto,
    out: Annotated[Path | None, typer.Option(help="The run folder. Default: a new folder under runs/.")] = None,
    quiet: QuietOption = False,
    threads: ThreadsOption = 1,
    backend: BackendOption = Backend.tensors,
    track: TrackOption = None,
    yes: ConfirmOption = False,
) -> None:
    """Run a scenario: train, evaluate, report.

    Writes a run folder with the resolved scenario, metrics, accounts, checkpoints and a report.
    """
    from econsim.scenario import load

    changes = list(overrides or ())
    loaded = load(scenario, changes if seed is None else [*changes, f"seed={seed}"])
    # torch is imported only after the scenario has been validated.
    from econsim.runs import execute
    from econsim.sweep.tracking import run_tracker

    log = run_tracker(track or ())
    finished = execute(
        loaded, out=out, device=device.value, quiet=quiet, threads=threads, agreed=yes, backend=backend.value
    )
    _report(finished, log, quiet)


def resume(
    run: RunFolder,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE",
            help="Language-model settings that do not change answers, for example llm.budget keys.",
        ),
    ] = None,
    quiet: QuietOption = False,
    accept_changed_versions: AcceptChangedVersions = False,
    track: TrackOption = None,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Confirm that keys, work and results go to the places that the folder names."),
    ] = False,
) -> None:
    """Continue an interrupted run or sweep.

    The results are the same as without the interruption.
    """
    from econsim.sweep import is_sweep, resume_sweep

    if is_sweep(run):
        if track:
            raise UserError(
                "--track: a resumed sweep logs to the trackers that it was started with; leave the option out"
            )
        sweep = resume_sweep(run, quiet=quiet, accept_changed_versions=accept_changed_versions, agreed=yes)
        report_sweep(sweep, quiet, yes)
        return
    from econsim.runs import resume as continue_run
    from econsim.sweep.tracking import run_tracker

    log = run_tracker(track or ())
    changes = list(overrides or ())
    resumed = continue_run(
        run, quiet=quiet, overrides=changes, accept_changed_versions=accept_changed_versions, agreed=yes
    )
    _report(resumed, log, quiet)


def branch(
    run: RunFolder,
    changes: Annotated[
        list[str],
        typer.Argument(metavar="KEY=VALUE", help="planner=NAME, planner.KEY=VALUE, message=TEXT, llm.KEY=VALUE."),
    ],
    step: Annotated[int, typer.Option(min=1, help="The step of the game from which the changes hold, from 1.")],
    out: Annotated[Path | None, typer.Option(help="The folder of the new run. Default: RUN-branch-STEP.")] = None,
    quiet: QuietOption = False,
    yes: ConfirmOption = False,
) -> None:
    """Run a scenario again with a reform or a message from a step on.

    Questions of earlier steps are answered from the record of the run, without calls. The run does not change.
    """
    from econsim.runs.branching import branch as run_branch
    from econsim.runs.folder import open_run

    _report(run_branch(open_run(run), step, changes, out, quiet, yes), lambda _: None, quiet)


def _report(run: Run, log: Callable[[Run], None], quiet: bool) -> None:
    """Log a run, write its report and print its path; of several processes that share a run, only the first does."""
    from econsim.report import write_report
    from econsim.runs import RunInterrupted

    if not run.finished:
        return
    log(run)
    try:
        page = write_report(run, with_png=False)
    except KeyboardInterrupt as error:
        raise RunInterrupted(run.path) from error
    if not quiet:
        typer.echo(f"report: {page}")
