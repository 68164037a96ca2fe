"""Tables of ``econsim audit --humans``: a population beside human figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from econsim.analysis.human_figures import HumanFigure
    from econsim.runs.folder import Run
    from econsim.runs.human_audit import Comparison

__all__ = ["compare_audit", "compare_run"]

_HEADER = ["quantity", "from", "values", "mean", "humans", "difference and 95 % interval", "verdict"]
_FEW = 5
_CHECKED = {
    "abstract": "number confirmed in the abstract",
    "secondary": "number confirmed to two digits in a text that quotes it",
    "no": "number not confirmed here",
    "user": "your figure",
}


def compare_run(run: Run, humans: str, out: Path) -> None:
    """Print the distance of a run's choices and survey answers from human figures, and write ``humans.json``.

    Raises:
        UserError: the figures cannot be read, or none of them is about this run.
    """
    from econsim.runs.human_audit import run_against_humans

    _show(run_against_humans(run, _figures(humans)), out)


def compare_audit(content: dict[str, Any], humans: str, out: Path) -> None:
    """Print the distance of an audit's elasticity from the human one, and write ``humans.json``.

    Raises:
        UserError: the figures cannot be read, none is about elasticities, or the audit has no elasticity.
    """
    from econsim.errors import UserError
    from econsim.runs.human_audit import ELASTICITY, audit_against_humans

    compared = audit_against_humans(content["audits"], _figures(humans))
    if not compared:
        raise UserError(f"--humans {humans}: there is no figure {ELASTICITY}, or nobody works under two of the rates")
    _show(compared, out)


def _figures(humans: str) -> dict[str, HumanFigure]:
    from econsim.analysis.human_figures import published_figures, read_figures

    return published_figures() if humans == "published" else read_figures(Path(humans))


def _show(compared: list[Comparison], out: Path) -> None:
    from econsim.cli.console_tables import table
    from econsim.runs.human_audit import as_json
    from econsim.storage.files import write_json

    typer.echo(table([_HEADER, *map(_row, compared)]))
    for figure in {each.distance.figure.quantity: each.distance.figure for each in compared}.values():
        typer.echo(f"{figure.quantity}: {_source(figure)}")
    typer.echo(
        "The interval is over the values of the population, and not over models or prompts. Close: all of it within the"
        " margin of the figure."
    )
    if any(each.personas < min(_FEW, each.distance.difference.count) for each in compared):
        typer.echo(
            "Fewer than five personas gave some of these values; values of one persona are alike, so that the interval"
            " is too narrow."
        )
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "humans.json", as_json(compared))


def _row(each: Comparison) -> list[str]:
    distance, interval = each.distance, each.distance.difference
    ends = interval.method if interval.low is None else f"{interval.low:+.3f} to {interval.high:+.3f}"
    numbers = [f"{distance.value:.3f}", f"{distance.figure.value:.4g}", f"{interval.mean:+.3f} ({ends})"]
    return [distance.figure.quantity, each.origin, f"{interval.count:,}", *numbers, distance.verdict]


def _source(figure: HumanFigure) -> str:
    parts = [figure.unit, figure.sample, f"margin {figure.margin:g}", figure.source, figure.doi and f"doi:{figure.doi}"]
    return f"{'; '.join(filter(None, parts))} ({_CHECKED.get(figure.checked, figure.checked)})"
