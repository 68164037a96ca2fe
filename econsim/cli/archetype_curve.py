"""The command ``archetypes``: the error of archetypes of language-model agents against the calls that they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from econsim.cli.running import ConfirmOption, OverridesArgument, QuietOption


def archetypes(
    source: Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario with agents of kind archetypes.")],
    overrides: OverridesArgument = None,
    number: Annotated[
        list[int] | None,
        typer.Option("--archetypes", metavar="N", help="A number of archetypes; repeatable. Default: 5, 20 and 80."),
    ] = None,
    shadow: Annotated[int, typer.Option(help="The number of workers who are asked to measure the error.")] = 100,
    out: Annotated[Path | None, typer.Option(help="The output folder. Default: archetypes/SCENARIO.")] = None,
    yes: ConfirmOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure the error of archetypes by their number.

    Plays one episode with each number of archetypes, and compares what a shadow sample of workers answers with what the
    workers whose actions they copy do. Writes archetypes.csv and archetypes.svg and .png, and prints the table.
    """
    from rich.console import Console

    from econsim.cli.console_tables import grid, print_whole
    from econsim.report import write_figures
    from econsim.report.figures import Captioned
    from econsim.runs.archetype_curve import TABLE, archetype_curve, curve_figure
    from econsim.runs.metric_columns import shown
    from econsim.scenario import load

    scenario = load(source, list(overrides or ()))
    folder = out or Path("archetypes") / scenario.name
    notes = Console(stderr=True, highlight=False, quiet=quiet)
    table = archetype_curve(
        scenario, tuple(number or (5, 20, 80)), folder, shadow, yes, lambda line: notes.print(line, markup=False)
    )
    caption = "Mean absolute error of a shadow sample by the number of workers who are asked, with 95 % intervals."
    write_figures(
        folder, [Captioned("archetypes", "Cost and accuracy of archetypes", curve_figure(table), caption, caption)]
    )
    console = Console(highlight=False)
    counts, amounts = ("archetypes", "asked", "questions", "failed"), ("error", "low", "high", "bias", "own")
    rows = [
        [
            *(f"{row[name]:,.0f}" for name in counts),
            *(shown(row[name]) for name in amounts),
            shown(row["differing"], "share"),
        ]
        for _, row in table.iterrows()
    ]
    print_whole(console, grid([*counts, *amounts, "differing"], rows))
    console.print("low and high: 95 % interval of the error over the workers of the shadow sample (Student's t)")
    for ending in (TABLE, "archetypes.svg", "archetypes.png"):
        console.print(str(folder / ending), soft_wrap=True, markup=False)
