"""The command ``equilibrium``: deviation gains, which measure how far a run is from equilibrium."""

from __future__ import annotations

from typing import Annotated

import typer

from econsim.cli.running import Backend, BackendOption, QuietOption, RunFolder

_UNBROKEN = 16  # characters of a cell, such as ``trained deviation``


def equilibrium(
    run: RunFolder,
    episodes: Annotated[int, typer.Option(help="The number of episodes in which each gain is measured.")] = 16,
    iterations: Annotated[
        int,
        typer.Option(help="Training iterations of a deviating policy; 0: only exact best responses of the game."),
    ] = 100,
    search_budget: Annotated[
        int | None,
        typer.Option(help="The number of actions of a leader that are tried. Default: by the length of an episode."),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Also train a deviation where the exact gain is computed without training."),
    ] = False,
    role: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A role; repeatable. Default: all roles.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option(metavar="LABEL", help="A policy of the run. Default: its own, not a baseline.")
    ] = None,
    first_seed: Annotated[bool, typer.Option("--first-seed", help="Use only the first training seed.")] = False,
    backend: BackendOption = Backend.tensors,
    quiet: QuietOption = False,
) -> None:
    """Measure how far a run is from equilibrium.

    For each role, holds the policies of all others fixed and computes the gain from deviating. Writes certificate.json,
    or certificate-LABEL.json with --policy, and updates the report.
    """
    from econsim.report import write_report
    from econsim.runs import open_run
    from econsim.runs.certificate import DeviationBudget, certify

    budget = DeviationBudget(episodes, iterations, search_budget, compare)
    certificate = certify(run, budget, tuple(role or ()), first_seed, quiet, backend.value, policy)
    write_report(open_run(run), with_png=False)
    from rich.console import Console

    from econsim.cli.console_tables import grid, print_whole
    from econsim.report.certificate import certified

    page = certified(certificate)
    console = Console(highlight=False)
    used = [index for index in range(len(page.header)) if any(row[index] for row in page.rows)]
    rows = [[row[index] for index in used] for row in page.rows]
    print_whole(console, grid([page.header[index] for index in used], rows, words=2, unbroken=_UNBROKEN))
    for note in page.notes:
        console.print(note, markup=False)
