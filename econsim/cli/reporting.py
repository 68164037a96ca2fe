"""Commands that say what runs found: compare, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Interactive = Annotated[
    bool | None,
    typer.Option("--interactive/--static", help="Plots to point at, 5 MB more; on where plotly is installed."),
]


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of finished runs.")],
    metric: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A metric; repeatable.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A page (.html) with figures and tables, or the table (.csv, .tex).")
    ] = None,
    interactive: Interactive = None,
) -> None:
    """Set several runs side by side.

    Prints means and 95 % intervals over runs of one scenario; --out writes one self-contained page about them.
    """
    from econsim.runs import compare as compare_runs

    chosen = tuple(metric or ())
    if out is None:
        table = compare_runs(runs, chosen).dropna(axis="columns", how="all")
        typer.echo(table.to_string(index=False, na_rep="", float_format="{:,.4f}".format))
    elif out.suffix == ".html":
        from econsim.report import write_comparison

        typer.echo(write_comparison(runs, out, chosen, _with_plots(interactive)))
    else:
        typer.echo(_write_table(compare_runs(runs, chosen), out))


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of finished runs.")],
    interactive: Interactive = None,
) -> None:
    """Write the report of a run again.

    One self-contained page, figures as PNG and SVG, tables as CSV and LaTeX, in the folder of each run.
    """
    from econsim.report import write_report
    from econsim.runs import open_run

    opened, with_plots = [open_run(run) for run in runs], _with_plots(interactive)
    for run in opened:
        typer.echo(write_report(run, with_plots))


def _with_plots(wanted: bool | None) -> bool:
    """Return whether pages get plots to point at.

    Raises:
        UserError: they are wanted and plotly is not installed.
    """
    from importlib.util import find_spec

    there = find_spec("plotly") is not None
    if wanted and not there:
        raise UserError('--interactive needs plotly: pip install "econsim[live]"')
    return there if wanted is None else wanted


def _write_table(table: pd.DataFrame, out: Path) -> Path:
    from econsim.report.tables import to_latex
    from econsim.storage.files import write_text

    if out.suffix not in (".csv", ".tex"):
        raise UserError(f"--out {out}: the file name ends in .html, .csv or .tex")
    if not out.parent.is_dir():
        raise UserError(f"--out {out}: there is no folder {out.parent}")
    write_text(out, table.to_csv(index=False) if out.suffix == ".csv" else to_latex(table))
    return out
