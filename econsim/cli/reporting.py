"""Commands that present the results of runs: ``compare`` and ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Interactive = Annotated[
    bool | None,
    typer.Option(
        "--interactive/--static",
        help="Include interactive plots, which add 5 MB. Default: interactive if plotly is installed.",
    ),
]


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of finished runs.")],
    metric: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A metric; repeatable.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A page with figures and tables (.html), or only the table (.csv, .tex).")
    ] = None,
    interactive: Interactive = None,
) -> None:
    """Compare several runs.

    Prints means and 95 % intervals over the runs of each scenario; --out writes them to a self-contained page or a
    table.
    """
    from econsim.runs import compare as compare_runs

    metrics = tuple(metric or ())
    if out is None:
        table = compare_runs(runs, metrics).dropna(axis="columns", how="all")
        typer.echo(table.to_string(index=False, na_rep="", float_format="{:,.4f}".format))
    elif out.suffix == ".html":
        from econsim.report import write_comparison

        typer.echo(write_comparison(runs, out, metrics, _with_plots(interactive)))
    else:
        typer.echo(_write_table(compare_runs(runs, metrics), out))


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of finished runs.")],
    interactive: Interactive = None,
) -> None:
    """Write the reports of runs again.

    Writes a self-contained page, figures as PNG and SVG, and tables as CSV and LaTeX to the folder of each run.
    """
    from econsim.report import write_report
    from econsim.runs import open_run

    opened, with_plots = [open_run(run) for run in runs], _with_plots(interactive)
    for run in opened:
        typer.echo(write_report(run, with_plots))


def _with_plots(requested: bool | None) -> bool:
    """Return whether pages contain interactive plots.

    Raises:
        UserError: they are requested and plotly is not installed.
    """
    from importlib.util import find_spec

    installed = find_spec("plotly") is not None
    if requested and not installed:
        raise UserError('--interactive needs plotly; install it with: pip install "econsim[live]"')
    return installed if requested is None else requested


def _write_table(table: pd.DataFrame, out: Path) -> Path:
    from econsim.report.tables import to_latex
    from econsim.storage.csv_tables import write_csv
    from econsim.storage.files import write_text

    if out.suffix not in (".csv", ".tex"):
        raise UserError(f"--out {out}: the file name must end in .html, .csv or .tex")
    if not out.parent.is_dir():
        raise UserError(f"--out {out}: there is no folder {out.parent}")
    if out.suffix == ".csv":
        write_csv(out, table)
    else:
        write_text(out, to_latex(table))
    return out
