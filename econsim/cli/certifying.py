"""The command that says how far a run is from equilibrium: equilibrium."""

from __future__ import annotations

from typing import Annotated

import typer

from econsim.cli.running import RunFolder


def equilibrium(
    run: RunFolder,
    episodes: Annotated[int, typer.Option(help="Episodes that measure each gain.")] = 16,
    iterations: Annotated[
        int, typer.Option(help="Iterations that train a deviator; 0: only the game's exact answers.")
    ] = 100,
    search_budget: Annotated[
        int | None, typer.Option(help="Announcements to try for a leader; by the game's length if not given.")
    ] = None,
    role: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A role; all if not given.")] = None,
    first_seed: Annotated[bool, typer.Option("--first-seed", help="Only the first training seed.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no progress.")] = False,
) -> None:
    """State how far a run is from equilibrium.

    Freezes all roles but one and finds what it could gain; writes certificate.json and the report again.
    """
    from econsim.report import write_report
    from econsim.runs import open_run
    from econsim.runs.certificate import DeviationBudget, certify

    budget = DeviationBudget(episodes, iterations, search_budget)
    certificate = certify(run, budget, tuple(role or ()), first_seed, quiet)
    write_report(open_run(run))
    from rich.console import Console

    from econsim.cli.console_tables import grid
    from econsim.report.certificate import certified

    said = certified(certificate)
    console = Console(highlight=False)
    console.print(grid(said.header, said.rows, words=2))
    for note in said.notes:
        console.print(note, markup=False)
