"""Commands that run scenarios and read runs: run, resume, compare, report."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

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
) -> None:
    """Run a scenario: train, score, report.

    Writes a run folder with the resolved scenario, metrics, accounts, checkpoints and a report.
    """
    from econsim.scenario import load

    given = list(overrides or ())
    loaded = load(scenario, given if seed is None else [*given, f"seed={seed}"])
    # torch is loaded only now, when the scenario is known to be sound.
    from econsim.runs import execute

    execute(loaded, out=out, device=device.value, quiet=quiet, threads=threads)


def resume(run: RunFolder, quiet: Annotated[bool, typer.Option("--quiet", help="Print no progress.")] = False) -> None:
    """Continue a stopped run.

    It ends with the numbers of a run that was never stopped.
    """
    from econsim.runs import resume as continue_run

    continue_run(run, quiet=quiet)


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of finished runs.")],
) -> None:
    """Print several runs side by side."""
    from econsim.runs import compare as compare_runs

    table = compare_runs(runs).dropna(axis="columns", how="all")
    typer.echo(table.to_string(index=False, na_rep="", float_format="{:,.4f}".format))


def report(run: RunFolder) -> None:
    """Write the report of a run again."""
    from econsim.report import write_report
    from econsim.runs import open_run

    typer.echo(write_report(open_run(run)))
