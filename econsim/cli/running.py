"""Commands that run scenarios: run, resume."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from econsim.runs import Run

OverridesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Overrides, for example economy.workers=1000.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]


class Device(StrEnum):
    """Where to run."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def run(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A name from scenarios/, or a path.")],
    overrides: OverridesArgument = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the first training run and of all shocks.")] = None,
    device: Annotated[Device, typer.Option(help="Where to run; auto takes a GPU if there is one.")] = Device.auto,
    out: Annotated[Path | None, typer.Option(help="The run folder; a new one under runs/ if not given.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no progress.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Threads on the CPU; they are part of the run.")] = 1,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to what a language model is foreseen to be asked.")] = False,
) -> None:
    """Run a scenario: train, score, report.

    Writes a run folder with the resolved scenario, metrics, accounts, checkpoints and a report.
    """
    from econsim.scenario import load

    given = list(overrides or ())
    loaded = load(scenario, given if seed is None else [*given, f"seed={seed}"])
    # torch is loaded only now, when the scenario is known to be sound.
    from econsim.runs import execute

    _report(execute(loaded, out=out, device=device.value, quiet=quiet, threads=threads, agreed=yes), quiet)


def resume(
    run: RunFolder,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="Settings of a language model that change no answer: llm.budget..."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no progress.")] = False,
) -> None:
    """Continue a stopped run, or a sweep.

    It ends with the numbers of one that was never stopped.
    """
    from econsim.sweep import is_sweep, resume_sweep

    if is_sweep(run):
        resume_sweep(run, quiet=quiet)
        return
    from econsim.runs import resume as continue_run

    _report(continue_run(run, quiet=quiet, overrides=list(overrides or ())), quiet)


def _report(run: Run, quiet: bool) -> None:
    """Write the report of a run and say where it is; helpers of a run on several processes write none."""
    from econsim.report import write_report
    from econsim.runs import RunInterrupted

    if not run.finished:
        return
    try:
        page = write_report(run)
    except KeyboardInterrupt as error:
        raise RunInterrupted(run.path) from error
    if not quiet:
        typer.echo(f"report: {page}")
