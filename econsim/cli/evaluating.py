"""The command ``evaluate``: a table of every planner of several runs under every set of workers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from econsim.cli.progress_bar import progress_bar
from econsim.cli.running import Backend, BackendOption, QuietOption

if TYPE_CHECKING:
    import pandas as pd


def evaluate(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of finished runs of one game.")],
    episodes: Annotated[int, typer.Option(help="The number of episodes of each pair, the same for all pairs.")] = 16,
    metric: Annotated[str, typer.Option(help="A metric, for example productivity.")] = "welfare",
    csv: Annotated[Path | None, typer.Option(help="A CSV file for the table, with one row per pair.")] = None,
    backend: BackendOption = Backend.tensors,
    quiet: QuietOption = False,
) -> None:
    """Evaluate every planner under every set of workers.

    Prints means over the same episodes, and paired differences from the first planner, with confidence intervals.
    """
    from rich.console import Console

    from econsim.cli.console_tables import grid, print_whole
    from econsim.errors import UserError
    from econsim.runs.cross_table import cross_table
    from econsim.storage.csv_tables import write_csv

    if csv is not None and not csv.parent.is_dir():
        raise UserError(f"--csv {csv}: there is no folder {csv.parent}")
    with progress_bar("evaluate", quiet) as report:
        pairs = cross_table(runs, episodes, metric, report, backend.value)
    console = Console(highlight=False)
    console.print(f"{metric}: mean over {episodes} episode{'s' * (episodes > 1)} ({_intervals(pairs['interval'])})")
    print_whole(console, grid(*_wide(pairs, "mean", "low", "high")))
    first = pairs["planner"].iloc[0]
    compared = pairs[pairs["planner"] != first]
    if not compared.empty:
        intervals = _intervals(compared["difference_interval"])
        console.print(f"\ndifference from {first} with the same workers, paired by episode ({intervals})")
        print_whole(console, grid(*_wide(compared, "difference", "difference_low", "difference_high")))
    if csv is not None:
        write_csv(csv, pairs)
        console.print(str(csv), soft_wrap=True)


def _wide(pairs: pd.DataFrame, *columns: str) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a table: planners down, workers across, a value and its interval in a cell."""
    cells = [_cell(*entry) for entry in zip(*(pairs[name] for name in columns), strict=True)]
    wide = pairs.assign(cell=cells).pivot_table(
        index="planner", columns="workers", values="cell", aggfunc="first", sort=False
    )
    rows = [[str(planner), *map(str, row)] for planner, row in zip(wide.index, wide.to_numpy(), strict=True)]
    return ["planner", *map(str, wide.columns)], rows


def _cell(value: float, low: float | None, high: float | None) -> str:
    import pandas as pd

    from econsim.runs.metric_columns import shown

    if pd.isna(low) or low is None or high is None:
        return shown(value)
    return f"{shown(value)} [{shown(low)}, {shown(high)}]"


def _intervals(methods: Iterable[str]) -> str:
    """Return what the brackets of a table are, or why it has none."""
    from econsim.analysis.statistics import methods_in_words

    words = methods_in_words(methods)
    return words if words.startswith("no interval") else f"95 % intervals: {words}"
