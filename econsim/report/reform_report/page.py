"""HTML page of the report of a reform."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from econsim.accounts import Format
from econsim.report.drawing import Drawn
from econsim.report.page import fill
from econsim.report.reform_report import words
from econsim.report.reform_report.contents import Column, ReformContents
from econsim.report.reform_report.rounding import PartsInWords, parts_in_words
from econsim.runs.metric_columns import shown, titled

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["render_reform"]

_WINNERS = ("group", "people_share", "winners", "losers", "gain", "gain_share")


class TextTable(NamedTuple):
    """A table as text."""

    header: list[str]
    rows: list[list[str]]


def render_reform(contents: ReformContents, drawn: Iterable[Drawn]) -> str:
    """Return the page about a reform as HTML."""
    result, groups = contents.result, contents.by_income
    run: Run = result.request.run
    context = {
        "name": run.scenario.name,
        "reform": result.request.words,
        "question": words.question_of(contents),
        "description": run.scenario.description,
        "headline": words.headline_of(contents),
        "intervals": words.interval_note(contents),
        "caveats": words.caveats_of(contents),
        "baseline": words.who(contents),
        "changes": _changes(contents),
        "totals": _totals(contents),
        "winners": None if groups is None else _winners(contents, groups),
        "amounts": None if groups is None or "tax" not in groups else _amounts(contents, groups),
        "effects": _effects(contents),
        "tax_rates": [contents.of_leader("tax_rates", leader, "_") for leader in contents.curves],
        "workers": result.workers,
        "ranked_by": "income at 40 hours" if "potential_income" in result.sides.baseline.accounts else "income",
        "has_rebate": "rebate" in result.sides.accounts,
        "episodes": result.sides.episodes,
        "people": _people(contents),
        "repeat": [result.request.command],
        "environment": run.environment,
    }
    return fill("reform.html", drawn, False, context)


def _changes(contents: ReformContents) -> TextTable:
    table = contents.result.description.changes
    return TextTable(
        ["Key", contents.labels["baseline"], "Reform"], [[str(cell) for cell in row] for row in table.to_numpy()]
    )


def _totals(contents: ReformContents) -> TextTable:
    header = ["", contents.labels["baseline"], "Reform", "Change", "Change, %", "Mechanical", "Behavioural"]
    rows = []
    for row in contents.totals.to_dict("records"):
        parts = parts_in_words(row["baseline"], row["mechanical"], row["behavioural"])
        title = f"{row['title']}, {row['unit']}"
        share = "" if pd.isna(row["difference_share"]) else shown(row["difference_share"], "share")
        # Intervals of totals are those of the amounts per person, times the number of people.
        interval = _bracket(row["low"], row["high"]) if row["measure"] == "per person" else ""
        change = f"{parts.difference}{interval}"
        rows.append([title, parts.baseline, parts.reform, change, share, parts.mechanical, parts.behavioural])
    return TextTable(header, rows)


def _winners(contents: ReformContents, groups: pd.DataFrame) -> TextTable:
    columns = {name: column for name, column in contents.by_income_columns.items() if name in _WINNERS}
    rows = [
        [_group(row["group"]), *(_cell(row, name, column) for name, column in columns.items() if name != "group")]
        for row in groups.to_dict("records")
    ]
    return TextTable([column.title for column in columns.values()], rows)


def _amounts(contents: ReformContents, groups: pd.DataFrame) -> TextTable:
    titles = contents.by_income_columns
    before = [name for name in ("income", "income_change") if name in titles]
    after = [name for name in ("rebate_change", "consumption_change") if name in titles]
    taxes = ("tax_mechanical", "tax_behavioural")
    header = [titles[name].title for name in ("group", *before, "tax_change", *taxes, *after)]
    rows = []
    for row in groups.to_dict("records"):
        parts = parts_in_words(row["tax"], row["tax_mechanical"], row["tax_behavioural"])
        change = f"{parts.difference}{_bracket(row['tax_change_low'], row['tax_change_high'])}"
        cells = [shown(row[name]) for name in before], [shown(row[name]) for name in after]
        rows.append([_group(row["group"]), *cells[0], change, parts.mechanical, parts.behavioural, *cells[1]])
    return TextTable(header, rows)


def _effects(contents: ReformContents) -> TextTable:
    metrics = contents.result.sides.baseline.metrics
    header = ["Metric", contents.labels["baseline"], "Reform", "Change", "Mechanical", "Behavioural"]
    rows = []
    for row in contents.result.table.to_dict("records"):
        form: Format = metrics[row["metric"]].format
        parts: PartsInWords = parts_in_words(row["baseline"], row["mechanical"], row["behavioural"], form)
        change = f"{parts.difference}{_bracket(row['low'], row['high'], form)}"
        title = titled(metrics[row["metric"]])
        rows.append([title, parts.baseline, parts.reform, change, parts.mechanical, parts.behavioural])
    return TextTable(header, rows)


def _cell(row: dict[Any, Any], name: str, column: Column) -> str:
    """Return a number with its interval in brackets, where there is one."""
    if pd.isna(row[name]):
        return ""
    return (
        f"{shown(row[name], column.format)}{_bracket(row.get(f'{name}_low'), row.get(f'{name}_high'), column.format)}"
    )


def _bracket(low: float | None, high: float | None, form: Format = "amount") -> str:
    return "" if low is None or high is None or pd.isna(low) else f" [{shown(low, form)}, {shown(high, form)}]"


def _group(name: str) -> str:
    return f"decile {name}" if name.isdecimal() else name


def _people(contents: ReformContents) -> str:
    """Return how many people an episode has, by role."""
    roles = contents.result.sides.baseline.game.roles.values()
    return ", ".join(f"{role.count:,} {role.name}{'s' * (role.count > 1)}" for role in roles if not role.leads)
