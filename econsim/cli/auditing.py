"""The command ``audit``: whether workers respond to incentives, and what the choices of agents depend on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from econsim.cli.progress_bar import progress_bar
from econsim.cli.running import ConfirmOption, OverridesArgument, QuietOption


def audit(
    source: Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario, or the folder of a run.")],
    overrides: OverridesArgument = None,
    rate: Annotated[
        list[float] | None, typer.Option(metavar="FRACTION", help="A flat tax rate; repeatable, increasing.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How many times each worker decides at each rate.")] = 1,
    wording: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A wording of the prompts; repeatable. Default: all wordings of the agents."),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT",
            help="Instead, in any game, compare the choices of language-model agents when only this differs: memory,"
            " paraphrase, order, names, models, replicates or drift; repeatable. all: all of them.",
        ),
    ] = None,
    question: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="With --vary drift: a question about the persona, from 0 to 10; repeatable."),
    ] = None,
    humans: Annotated[
        str | None,
        typer.Option(
            metavar="published|FILE.csv",
            help="Compare with human figures, published or your own: of a scenario the elasticity, of a run the choices"
            " in dictator, public_goods and ultimatum games, and answers to surveys; no calls for a run.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The output folder. Default: audits/SCENARIO, or RUN/audit for a run.")
    ] = None,
    yes: ConfirmOption = False,
    quiet: QuietOption = False,
) -> None:
    """Test whether a scenario's workers respond to incentives, or what else their choices depend on.

    The workers face flat taxes, by default of 12, 24, 35 and 90 per cent. Writes audit.json and audit.html, and prints
    the result.
    """
    if vary or question:
        from econsim.cli.varying import vary_behaviour
        from econsim.errors import UserError

        if rate or wording or repeats > 1:
            raise UserError("--rate, --repeats and --wording belong to the audit of incentives, without --vary")
        vary_behaviour(source, list(overrides or ()), list(vary or ()), list(question or ()), out, yes, quiet)
        return
    from econsim.analysis.incentive_audit import RATES
    from econsim.errors import UserError
    from econsim.runs.folder import Run, open_run
    from econsim.runs.incentive_audit import Asked
    from econsim.runs.incentive_audit import audit as ask
    from econsim.scenario import Scenario, load

    subject: Scenario | Run
    if (Path(source) / "scenario.yaml").is_file():
        if overrides:
            raise UserError(f"{overrides[0]}: a run is audited without overrides; to use overrides, audit a scenario")
        subject, folder = open_run(Path(source)), Path(source) / "audit"
        if humans is not None:
            from econsim.cli.comparing_humans import compare_run

            compare_run(subject, humans, out or folder)
            return
    else:
        subject = load(source, list(overrides or ()))
        folder = Path("audits") / subject.name
    asked = Asked(tuple(rate or RATES), repeats, tuple(wording or ()))
    from rich.console import Console

    shown = Console(stderr=True, highlight=False, quiet=quiet)
    with progress_bar("audit", quiet, shown) as report:
        content = ask(subject, out or folder, asked, yes, lambda line: shown.print(line, markup=False), report)
    from econsim.cli.console_tables import grid, print_whole
    from econsim.report.incentive_audit import audited, fragment
    from econsim.storage.files import write_text

    write_text((out or folder) / "audit.html", fragment(content))
    page, console = audited(content), Console(highlight=False)
    print_whole(console, grid(page.header, page.rows))
    for note in page.notes:
        console.print(note, markup=False)
    if humans is not None:
        from econsim.cli.comparing_humans import compare_audit

        compare_audit(content, humans, out or folder)
