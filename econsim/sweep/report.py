"""Report of a sweep: ``report.html`` in its folder, with figures as PNG and SVG and tables as CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.errors import command
from econsim.report import write_figures
from econsim.report.figures import Captioned
from econsim.report.page import fill
from econsim.report.tables import cell_text, with_brackets, write_tables
from econsim.storage.files import write_text
from econsim.storage.user_files import check_writable
from econsim.sweep import plots
from econsim.sweep.folder import Sweep
from econsim.sweep.frontier import Frontier
from econsim.sweep.level_plots import level_plots
from econsim.sweep.summary import Summary

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_sweep_report"]

_MOST_ROWS = 30


def write_sweep_report(sweep: Sweep, summary: Summary, interactive: bool = False) -> Path:
    """Write ``report.html``, ``figures/`` and ``tables/`` into the folder of a sweep; return the page's path.

    Args:
        sweep: a sweep of which at least one run is done.
        summary: its summary, which selects the metric and the frontier.
        interactive: whether to include plotly.js (5 MB), which makes some figures interactive.

    Raises:
        UserError: the folder contains a symbolic link, or it cannot be written to.
        RunError: the disk is full; an older report is kept.
    """
    from econsim.storage.links import refuse_links

    refuse_links(sweep.path)
    check_writable(sweep.path)
    drawn = write_figures(sweep.path / "figures", _figures(sweep, summary))
    write_tables(sweep.path / "tables", _tables(summary))
    context = {
        "sweep": sweep.path.resolve().name,
        "runs": _runs(sweep),
        "sections": [_section(*section) for section in summary.sections()],
        "repeat": [command("sweep", "--file", sweep.path / "sweep.yaml"), sweep.command("summary")],
    }
    page = sweep.path / "report.html"
    write_text(page, fill("sweep.html", drawn, interactive, context))
    return page


def _figures(sweep: Sweep, summary: Summary) -> Iterator[Captioned]:
    about = f"of the sweep {sweep.path.resolve().name}"
    for plot in level_plots(sweep, summary.metric):
        title = plot.caption.partition(";")[0].rstrip(".")
        yield Captioned(plot.name, title, plot.still(), plot.caption, f"{title} {about}", plot.live())
    if summary.frontier is not None:
        yield _frontier(summary.frontier, about)


def _frontier(frontier: Frontier, about: str) -> Captioned:
    caption = (
        f"{frontier.words()} Lines at the points are 95 % intervals over seeds. Labels that would overlap are left out;"
        " the table above has all points of the front."
    )
    return Captioned(frontier.name, frontier.title, plots.frontier(frontier), caption, f"{frontier.title} {about}")


def _tables(summary: Summary) -> dict[str, pd.DataFrame]:
    tables = {f"means_{summary.metric}": summary.means, f"effects_{summary.metric}": summary.effects}
    if summary.frontier is not None:
        tables[summary.frontier.name] = summary.frontier.points
    return {name: table for name, table in tables.items() if not table.empty}


def _runs(sweep: Sweep) -> str:
    counts = sweep.counts
    states = [f"{number:,} {state}" for state, number in counts.items() if number and state != "done"]
    axes = ", ".join(f"{key} ({sweep.runs[key].nunique(dropna=False):,} levels)" for key in sweep.keys)
    done = ", ".join([f"{counts['done']:,} runs done", *states])
    return f"{done}. Axes: {axes or 'none'}."


def _section(title: str, table: pd.DataFrame) -> dict[str, Any]:
    heading, _, sentences = title.partition(": ")
    bounded = table.rename(columns={"low": "mean_low", "high": "mean_high"})
    cells = with_brackets(bounded.drop(columns=[name for name in bounded if str(name).endswith("interval")]))
    rows = [[cell_text(cell) for cell in row] for row in cells.head(_MOST_ROWS).itertuples(index=False)]
    more = len(cells) - _MOST_ROWS
    notes = [
        *filter(None, [sentences[:1].upper() + sentences[1:]]),
        *([f"{more:,} more rows are in the folder tables."] if more > 0 else []),
    ]
    return {
        "title": heading,
        "sentences": notes,
        "header": [_heading(str(name)) for name in cells],
        "rows": rows,
    }


def _heading(column: str) -> str:
    """Return the heading of a column; keys of the scenario stay as they are written."""
    words = column.replace("_", " ")
    return column if "." in column else words[:1].upper() + words[1:]
