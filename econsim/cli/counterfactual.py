"""The command that asks what would have been: counterfactual."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from econsim.cli.running import RunFolder

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from econsim.runs.counterfactual import Counterfactual


_ROUNDING = 1e-9


class Workers(StrEnum):
    """Who follows."""

    evaluation = "evaluation"
    own = "own"


def counterfactual(
    run: RunFolder,
    overrides: Annotated[
        list[str],
        typer.Argument(metavar="KEY=VALUE", help="The reform: keys below game (or economy), planner or agents."),
    ],
    given: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="An override of both sides; repeatable.")
    ] = None,
    episodes: Annotated[int, typer.Option(help="Episodes, the same for both sides.")] = 16,
    policy: Annotated[str | None, typer.Option(help="A policy of the run to begin with; its own if not given.")] = None,
    followers: Annotated[
        Workers | None, typer.Option(help="Who follows; the evaluation workers where there are any.")
    ] = None,
    metric: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A metric; repeatable.")] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for the tables as CSV.")] = None,
) -> None:
    """Play a run again with something else in force.

    Same agents, people and luck on both sides. Prints differences with their intervals, what of them is mechanical and
    what behaviour, and who wins and loses by decile.
    """
    from rich.console import Console

    from econsim.runs.counterfactual import Followers
    from econsim.runs.counterfactual import counterfactual as compared

    who: Followers | None = None if followers is None else followers.value
    found = compared(run, overrides, list(given or ()), episodes, policy, who, list(metric or ()))
    console = Console(highlight=False)
    console.print(_differences(found.table))
    console.print("\nOf the difference: mechanical, with followers acting as before, and behavioural")
    console.print(_effects(found.table))
    if found.deciles is not None:
        console.print("\nBy decile of income: winners and losers by utility, and mean changes")
        console.print(_by_decile(found.deciles))
    for line in _sentences(found, episodes):
        console.print(line, markup=False)
    for path in _written(found, out):
        console.print(str(path), soft_wrap=True, markup=False)


def _differences(table: pd.DataFrame) -> Table:
    from econsim.cli.console_tables import grid

    rows = [
        [
            _title(row),
            *(_shown(row[name]) for name in ("baseline", "reform")),
            *_rounded(row, "difference"),
            *_interval(row["low"], row["high"]),
        ]
        for _, row in table.iterrows()
    ]
    return grid(["", "baseline", "reform", "difference", "low", "high"], rows)


def _effects(table: pd.DataFrame) -> Table:
    from econsim.cli.console_tables import grid

    names = ("mechanical", "behavioural", "difference")
    rows = [[_title(row), *_rounded(row, *names)] for _, row in table.iterrows()]
    return grid(["", *names], rows)


def _by_decile(table: pd.DataFrame) -> Table:
    from econsim.cli.console_tables import grid
    from econsim.runs.metric_columns import shown

    changes = [str(name) for name in table.columns if str(name).endswith("_change")]
    header = ["decile", "winners", "losers", *(name.removesuffix("_change") for name in changes)]
    rows = [
        [
            str(int(row["decile"])),
            *(shown(float(row[name]), "share") for name in ("winners", "losers")),
            *(_shown(row[name]) for name in changes),
        ]
        for _, row in table.iterrows()
    ]
    return grid(header, rows)


def _sentences(found: Counterfactual, episodes: int) -> list[str]:
    from econsim.runs.metric_columns import shown

    said = ["low and high: 95 % interval of the difference, both sides under the same luck"]
    if episodes > 1 and not (found.table["high"] > found.table["low"]).any():
        said = ["every episode is the same: nothing in this game is left to luck, so that there is no interval"]
    if found.shares is not None:
        winners, losers, _ = (shown(share, "share") for share in found.shares)
        said.append(f"winners {winners}, losers {losers}, by utility")
    return [*said, *found.notes]


def _title(row: pd.Series[str]) -> str:
    """Return what a row's metric is called, with its unit."""
    return ", ".join(row[name] for name in ("title", "unit") if row[name])


def _shown(value: float) -> str:
    from econsim.runs.metric_columns import shown

    return shown(float(value))


def _rounded(row: pd.Series[float], *names: str) -> list[str]:
    """Return numbers as text, zero where only rounding is left of what they are a difference of."""
    least = _ROUNDING * max(abs(row["baseline"]), abs(row["reform"]))
    return [_shown(row[name] if abs(row[name]) > least else 0.0) for name in names]


def _interval(low: float | None, high: float | None) -> list[str]:
    return ["", ""] if low is None or high is None or not low < high else [_shown(low), _shown(high)]


def _written(found: Counterfactual, out: Path | None) -> list[Path]:
    if out is None:
        return []
    from econsim.storage.files import write_text

    out.mkdir(parents=True, exist_ok=True)
    tables = {"effects.csv": found.table, "deciles.csv": found.deciles}
    written = []
    for name, table in tables.items():
        if table is not None:
            write_text(out / name, table.to_csv(index=False))
            written.append(out / name)
    return written
