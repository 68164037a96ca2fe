"""Output of ``counterfactual --from``: the difference over time as a table, CSV files and a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from econsim.runs.over_time import OverTime

__all__ = ["print_over_time", "write_over_time"]

_MOMENTS = 4  # rows of the console table for each metric


def print_over_time(result: OverTime, episodes: int) -> None:
    """Print both sides and their difference at a few steps, and how to read them."""
    from rich.console import Console

    from econsim.cli.console_tables import grid, print_whole

    console = Console(highlight=False)
    dated = "date" in result.table
    header = ["step", *(["date"] if dated else []), "baseline", "reform", "difference", "low", "high"]
    for _, rows in result.table.groupby("metric", sort=False):
        moments = _moments(rows, result.step)
        console.print(", ".join(rows[name].iloc[0] for name in ("title", "unit") if rows[name].iloc[0]), markup=False)
        cells = [
            [str(row["step"]), *([str(row["date"])] if dated else []), *_cells(row)] for _, row in moments.iterrows()
        ]
        print_whole(console, grid(header, cells))
    for line in _sentences(result, episodes):
        console.print(line, markup=False)


def write_over_time(result: OverTime, folder: Path) -> list[Path]:
    """Write ``over_time.csv``, ``over_time.svg`` and ``over_time.png`` into a folder, and return their paths."""
    from econsim.report import write_figures
    from econsim.report.figures import Captioned
    from econsim.storage.csv_tables import write_csv

    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "over_time.csv", result.table)
    title = f"Reform from step {result.step} on: {', '.join(result.reform)}"
    caption = "Levels of baseline and reform, and their paired difference with its pointwise 95 % band."
    write_figures(folder, [Captioned("over_time", title, result.figure(), caption, caption)])
    return [folder / f"over_time.{ending}" for ending in ("csv", "svg", "png")]


def _moments(rows: pd.DataFrame, step: int) -> pd.DataFrame:
    """Return rows of a metric at even distances from the step of the reform to the end."""
    first, last = step - 1, len(rows) - 1
    count = min(_MOMENTS, last - first + 1)
    places = [first + round((last - first) * number / max(1, count - 1)) for number in range(count)]
    return rows.iloc[places]


def _cells(row: pd.Series[float]) -> list[str]:
    from econsim.runs.metric_columns import shown

    numbers = [shown(float(row[name])) for name in ("baseline", "reform", "difference")]
    return [
        *numbers,
        *(("", "") if row["low"] != row["low"] else (shown(float(row[name])) for name in ("low", "high"))),
    ]


def _sentences(result: OverTime, episodes: int) -> list[str]:
    lines = [f"the reform holds from step {result.step} on; before, both sides are the same"]
    if episodes > 1:
        lines.append(
            "low and high: pointwise 95 % interval of the paired difference, with common random numbers on both sides"
            " (Student's t)"
        )
    return [*lines, f"followers on both sides: {result.workers}", *result.notes]
