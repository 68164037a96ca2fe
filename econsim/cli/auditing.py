"""The command that asks whether people respond to incentives at all: audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from econsim.cli.running import OverridesArgument


def audit(
    source: Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario, or the folder of a run.")],
    overrides: OverridesArgument = None,
    rate: Annotated[
        list[float] | None, typer.Option(metavar="FRACTION", help="A flat tax rate; repeatable, increasing.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often everybody is asked.")] = 1,
    wording: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A wording; all that agents know if not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write; audits/SCENARIO or RUN/audit if not given.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to what a language model is foreseen to be asked.")] = False,
) -> None:
    """State whether a scenario's workers respond to incentives.

    They meet flat taxes of 12, 24, 35 and 90 per cent. Writes audit.json and audit.html; prints the verdict.
    """
    from econsim.analysis.incentive_audit import RATES
    from econsim.errors import UserError
    from econsim.runs.folder import Run, open_run
    from econsim.runs.incentive_audit import Asked
    from econsim.runs.incentive_audit import audit as ask
    from econsim.scenario import Scenario, load

    found: Scenario | Run
    if (Path(source) / "scenario.yaml").is_file():
        if overrides:
            raise UserError(f"{overrides[0]}: a run is audited as it is; overrides are for scenarios")
        found, folder = open_run(Path(source)), Path(source) / "audit"
    else:
        found = load(source, list(overrides or ()))
        folder = Path("audits") / found.name
    asked = Asked(tuple(rate or RATES), repeats, tuple(wording or ()))
    content = ask(found, out or folder, asked, yes)
    from rich.console import Console

    from econsim.cli.console_tables import grid
    from econsim.report.incentive_audit import audited, fragment
    from econsim.storage.files import write_text

    write_text((out or folder) / "audit.html", fragment(content))
    said, console = audited(content), Console(highlight=False)
    console.print(grid(said.header, said.rows))
    for note in said.notes:
        console.print(note, markup=False)
