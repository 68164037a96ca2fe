"""The command ``evaluate``: a table of every planner of several runs under every set of workers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of finished runs of one game.")],
    episodes: Annotated[int, typer.Option(help="The number of episodes of each pair, the same for all pairs.")] = 16,
    metric: Annotated[str, typer.Option(help="A metric, for example productivity.")] = "welfare",
    csv: Annotated[Path | None, typer.Option(help="A CSV file for the table, with one row per pair.")] = None,
) -> None:
    """Evaluate every planner under every set of workers.

    Prints means over the same episodes, with standard errors.
    """
    from rich.console import Console

    from econsim.cli.console_tables import grid
    from econsim.errors import UserError
    from econsim.runs.cross_table import cross_table
    from econsim.runs.metric_columns import shown
    from econsim.storage.csv_tables import write_csv

    if csv is not None and not csv.parent.is_dir():
        raise UserError(f"--csv {csv}: there is no folder {csv.parent}")
    pairs = cross_table(runs, episodes, metric)
    cells = [
        shown(mean) if not error else f"{shown(mean)} ± {shown(error)}"
        for mean, error in zip(pairs["mean"], pairs["standard_error"].fillna(0.0), strict=True)
    ]
    wide = pairs.assign(cell=cells).pivot_table(
        index="planner", columns="workers", values="cell", aggfunc="first", sort=False
    )
    rows = [[str(planner), *map(str, row)] for planner, row in zip(wide.index, wide.to_numpy(), strict=True)]
    console = Console(highlight=False)
    console.print(f"{metric}: mean ± standard error over {episodes} episode{'s' * (episodes > 1)}")
    console.print(grid(["planner", *map(str, wide.columns)], rows))
    if csv is not None:
        write_csv(csv, pairs)
        console.print(str(csv), soft_wrap=True)
