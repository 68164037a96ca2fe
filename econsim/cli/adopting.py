"""The command ``adoption``: what happens where some players do not adopt the policy of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from econsim.cli.progress_bar import progress_bar
from econsim.cli.running import QuietOption, RunFolder

_SHARES = "0,0.1,0.25,0.5,0.75"


def adoption(
    run: RunFolder,
    non_adopters: Annotated[
        str, typer.Option(metavar="AGENT", help="An agent that needs no training, or the folder of another run.")
    ] = "exact_household",
    role: Annotated[str | None, typer.Option(metavar="NAME", help="The role that is divided.")] = None,
    shares: Annotated[str, typer.Option(help="Shares of non-adopters, separated by commas.")] = _SHARES,
    episodes: Annotated[int, typer.Option(help="The number of episodes, the same for all shares.")] = 16,
    csv: Annotated[Path | None, typer.Option(help="A CSV file for the table, with all accounts.")] = None,
    quiet: QuietOption = False,
) -> None:
    """Divide the players of a run into adopters and non-adopters of its policy.

    Prints, for each share of non-adopters, how many episodes last to the end and, apart from that, means over those
    that do: returns of the leader, adopters and non-adopters, and their assets where there are any.
    """
    from rich.console import Console

    from econsim.cli.console_tables import grid, print_whole
    from econsim.errors import UserError
    from econsim.runs.adoption import adoption as adopted
    from econsim.runs.metric_columns import shown
    from econsim.storage.csv_tables import write_csv

    if csv is not None and not csv.parent.is_dir():
        raise UserError(f"--csv {csv}: there is no folder {csv.parent}")
    try:
        numbers = [float(part) for part in shares.split(",")]
    except ValueError:
        raise UserError(f"--shares {shares}: expected numbers separated by commas, such as {_SHARES}") from None
    with progress_bar("adoption", quiet) as report:
        table = adopted(run, non_adopters, role, numbers, episodes, lambda done, total: report(done, total, ""))
    console = Console(highlight=False)
    columns = [name for name in table.columns if name.endswith(("_return", "_assets"))]
    rows = [
        [f"{row['non_adopters']:.0%}", f"{row['survived']:.0%}", *(_cell(row[name], shown) for name in columns)]
        for row in table.to_dict("records")
    ]
    print_whole(console, grid(["non-adopters", "survived", *(name.replace("_", " ") for name in columns)], rows))
    console.print("survived: episodes that last to the end; all other columns are means over these episodes alone")
    if csv is not None:
        write_csv(csv, table)
        console.print(str(csv), soft_wrap=True)


def _cell(value: float, shown: Callable[[float], str]) -> str:
    return "" if value != value else shown(value)  # NaN: nobody is in this group
