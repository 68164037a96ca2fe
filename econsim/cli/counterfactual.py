"""The command ``counterfactual``: a run compared with the same run under a reform."""

from __future__ import annotations

from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from econsim.cli.over_time import print_over_time, write_over_time
from econsim.cli.progress_bar import progress_bar
from econsim.cli.reform_paths import show_path
from econsim.cli.running import Backend, BackendOption, QuietOption, RunFolder
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from econsim.runs.counterfactual import Counterfactual


_ROUNDING = 1e-9
_UNBROKEN = 12  # characters of an amount


class Workers(StrEnum):
    """The agents of the following roles."""

    evaluation = "evaluation"
    own = "own"


def counterfactual(
    run: RunFolder,
    overrides: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE",
            help="The reform: keys below game (or economy), planner or agents; with --path also below solver.",
        ),
    ],
    given: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An override of both baseline and reform; repeatable."),
    ] = None,
    episodes: Annotated[int, typer.Option(help="The number of episodes, the same for baseline and reform.")] = 16,
    policy: Annotated[
        str | None, typer.Option(help="The policy of the run that is the baseline. Default: that of the scenario.")
    ] = None,
    followers: Annotated[
        Workers | None,
        typer.Option(
            help="Followers: the evaluation workers or the run's own. Default: evaluation, where there are any."
        ),
    ] = None,
    metric: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A metric; repeatable.")] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="STEP",
            help="The step (from 1) or date from which the reform holds: differences over time, with a band.",
        ),
    ] = None,
    along_path: Annotated[
        bool,
        typer.Option(
            "--path",
            help="For economies whose households save: the exact path from one stationary equilibrium to the other,"
            " and who gains along it.",
        ),
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Write a report: a self-contained page, figures, and CSV and LaTeX tables.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A folder for the tables as CSV files; with --report, a new or empty folder for the report. Default"
            " with --report: a new folder in RUN/reforms."
        ),
    ] = None,
    backend: BackendOption = Backend.tensors,
    quiet: QuietOption = False,
) -> None:
    """Compare a run with the same run under a reform.

    Agents, people and random draws are the same in baseline and reform. Prints differences with confidence intervals,
    their mechanical and behavioural parts, and winners and losers by decile. With --report, also writes them to a page
    with winners and losers by decile and at the top, revenue, and tax rates of both sides. With --from, the reform
    holds from a step or date on: prints the difference over time, and with --out writes it as a table and a figure.

    With --path, where households save, solves the path of prices, debt and output after a permanent reform of the run's
    policy, with exact households who know it from period 0 on: gains in consumption equivalents by decile of wealth and
    productivity, beside a comparison of the two steady states. For example: econsim counterfactual RUN
    planner=free_market --path solver.announced=5.
    """
    from econsim.report import write_reform_report
    from econsim.report.reform_report import new_reform_folder
    from econsim.runs.counterfactual import Followers
    from econsim.runs.counterfactual import counterfactual as compared
    from econsim.runs.folder import open_run

    follower_set: Followers | None = None if followers is None else followers.value
    opened = open_run(run)
    asked = (list(given or ()), episodes, policy, follower_set, list(metric or ()))
    if along_path:
        if start is not None or metric:
            raise UserError(f"--path with {'--metric' if start is None else '--from'}: leave out one of the two")
        show_path(opened, overrides, given or [], policy, follower_set, report, out, quiet)
        return
    if start is not None:
        if report:
            raise UserError("--report with --from: a report is about whole episodes; leave out one of the two")
        from econsim.runs.over_time import counterfactual_over_time

        with progress_bar("counterfactual", quiet) as progress:
            branched = counterfactual_over_time(opened, overrides, start, *asked, progress, backend.value)
        print_over_time(branched, episodes)
        for path in [] if out is None else write_over_time(branched, out):
            typer.echo(path)
        return
    # The folder is checked before the episodes are played, which can take long.
    with new_reform_folder(opened, overrides, out) if report else nullcontext(out) as folder:
        with progress_bar("counterfactual", quiet) as progress:
            result = compared(opened, overrides, *asked, progress, backend.value)
        written = [write_reform_report(result, folder)] if report else _written(result, folder)
    _print(result, episodes, written)


def _print(result: Counterfactual, episodes: int, written: list[Path]) -> None:
    from rich.console import Console

    from econsim.cli.console_tables import print_whole

    console = Console(highlight=False)
    print_whole(console, _differences(result.table))
    console.print(
        "\nDecomposition: the mechanical effect (followers act as in the baseline) and the behavioural effect"
    )
    print_whole(console, _effects(result.table))
    if result.deciles is not None:
        console.print("\nBy decile of income: winners and losers by utility, their gain in money, and mean changes")
        print_whole(console, _by_decile(result.deciles))
    for line in _sentences(result, episodes):
        console.print(line, markup=False)
    for path in written:
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
    changes = [*(["gain"] if "gain" in table else []), *changes]
    header = ["decile", "winners", "losers", *(name.removesuffix("_change") for name in changes)]
    rows = [
        [
            str(row["decile"]),
            *(shown(float(row[name]), "share") for name in ("winners", "losers")),
            *(_shown(row[name]) for name in changes),
        ]
        for _, row in table.iterrows()
    ]
    return grid(header, rows, unbroken=_UNBROKEN)


def _sentences(result: Counterfactual, episodes: int) -> list[str]:
    from econsim.analysis.statistics import methods_in_words
    from econsim.runs.metric_columns import shown

    sentences = [
        "low and high: 95 % confidence interval of the difference, with common random numbers on both sides"
        f" ({methods_in_words(result.table['interval'])})"
    ]
    if episodes > 1 and result.table["low"].isna().all():
        sentences = ["all episodes are identical, since this game has no random draws; there is no interval"]
    if result.shares is not None:
        winners, losers, _ = (shown(share, "share") for share in result.shares)
        sentences.append(f"winners {winners}, losers {losers}, by utility")
    return [*sentences, f"followers on both sides: {result.workers}", *result.notes]


def _title(row: pd.Series[str]) -> str:
    """Return the title of a row's metric, with its unit."""
    return ", ".join(row[name] for name in ("title", "unit") if row[name])


def _shown(value: float) -> str:
    from econsim.runs.metric_columns import shown

    return shown(float(value))


def _rounded(row: pd.Series[float], *names: str) -> list[str]:
    """Return differences as text, zero where a difference is no larger than rounding error."""
    tolerance = _ROUNDING * max(abs(row["baseline"]), abs(row["reform"]))
    return [_shown(row[name] if abs(row[name]) > tolerance else 0.0) for name in names]


def _interval(low: float | None, high: float | None) -> list[str]:
    return ["", ""] if low is None or high is None or not low < high else [_shown(low), _shown(high)]


def _written(result: Counterfactual, out: Path | None) -> list[Path]:
    if out is None:
        return []
    from econsim.storage.csv_tables import write_csv

    out.mkdir(parents=True, exist_ok=True)
    tables = {"effects.csv": result.table, "deciles.csv": result.deciles}
    written = []
    for name, table in tables.items():
        if table is not None:
            write_csv(out / name, table)
            written.append(out / name)
    return written
