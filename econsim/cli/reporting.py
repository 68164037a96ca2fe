"""Commands that present the results of runs: ``compare`` and ``report``."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from econsim.sweep import Sweep

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
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of finished runs, or of sweeps.")],
    interactive: Interactive = None,
) -> None:
    """Write the reports of runs and sweeps again.

    Writes a self-contained page, figures as SVG and PNG (a run itself leaves PNG out), and tables as CSV and LaTeX to
    the folder of each run.
    """
    from econsim.report import write_report
    from econsim.runs import Run, open_run
    from econsim.sweep import is_sweep, open_sweep
    from econsim.sweep.report import write_sweep_report

    with_plots = _with_plots(interactive)
    opened = [open_sweep(path) if is_sweep(path) else open_run(path) for path in runs]
    for each in opened:
        if isinstance(each, Run):
            typer.echo(write_report(each, with_plots))
        else:
            typer.echo(write_sweep_report(each, each.summary(), with_plots))


def report_sweep(sweep: Sweep, quiet: bool, agreed: bool) -> None:
    """Write the report of a sweep of which at least one run is done; print its path, and what its options ask for."""
    from econsim.sweep.report import write_sweep_report

    if not sweep.counts["done"]:
        return
    summary = sweep.summary(best=sweep.options.get("best"), agreed=agreed)
    page = write_sweep_report(sweep, summary)
    if quiet:
        return
    if summary.held_out is not None:
        print_section(*summary.held_out.section())
    if summary.frontier is not None and sweep.options.get("frontier"):
        print_section(*summary.frontier.section())
    typer.echo(f"report: {page}")


def print_section(title: str, table: pd.DataFrame) -> None:
    """Print a table with its title, of which the part after the first colon is written below it."""
    from econsim.report.tables import with_brackets

    text = with_brackets(table).to_string(index=False, na_rep="", float_format="{:,.5g}".format)
    heading, _, sentences = title.partition(": ")
    typer.echo(f"{heading}\n{text}\n{textwrap.fill(sentences, 120)}\n")


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
