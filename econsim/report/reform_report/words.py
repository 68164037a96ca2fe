"""Sentences of the report of a reform: its question, its main results, and notes on definitions and intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from econsim.analysis.statistics import methods_in_words
from econsim.report.caveats import simulated_model, warnings
from econsim.report.reform_report.contents import ReformContents
from econsim.report.reform_report.rounding import parts_in_words
from econsim.runs.metric_columns import shown

__all__ = ["caveats_of", "headline_of", "interval_note", "question_of", "who"]

_CLUSTERS = {
    True: "training seeds, which are evaluated with the same people and random draws",
    False: "episodes, which differ in their random draws, and in their people where the game draws new ones",
}


def who(contents: ReformContents) -> str:
    """Return the baseline in words."""
    description = contents.result.description
    label = contents.labels["baseline"]
    return f"current law ({label})" if description.is_current_law else label


def question_of(contents: ReformContents) -> str:
    """Return the question of the report."""
    return f"What does the reform {contents.result.request.words} change, compared with {who(contents)}?"


def headline_of(contents: ReformContents) -> list[str]:
    """Return the main results: revenue with its parts, and winners and losers; without both, the first metric."""
    return [*_revenue(contents), *_gains(contents)] or [_first_metric(contents)]


def caveats_of(contents: ReformContents) -> list[str]:
    """Return caveats on the results, the most important first."""
    result = contents.result
    caveats = [*warnings(result.request.run), *simulated_model(result.request.run)]
    caveats += [f"{note[:1].upper()}{note[1:]}." for note in result.notes]
    if contents.by_income is None:
        caveats.append("There are no tables by income group, which need 20 people with accounts of utility and income.")
    elif "gain" not in contents.by_income:
        caveats.append("Gains have no value in money, since the game does not declare the utility of money.")
    return caveats


def interval_note(contents: ReformContents) -> str:
    """Return a note on the intervals of all tables: what they vary over, and how they are computed or why not."""
    sides = contents.result.sides
    tables = [table for table in (contents.totals, contents.result.table) if len(table)]
    methods = [method for table in tables for method in table["interval"]]
    if contents.by_income is not None:
        names = [name for name in contents.by_income if str(name).endswith("_interval")]
        methods += [method for name in names for method in contents.by_income[name]]
    count, several = sides.clusters, sides.seeds > 1
    over = f"{count} {_CLUSTERS[several]}" if count > 1 else f"one {'training seed' if several else 'episode'}"
    note = (
        f"Brackets: 95 % intervals of paired differences, since both sides have the same people and random draws, over"
        f" {over} ({methods_in_words(methods)})."
    )
    identical = count > 1 and all(method.startswith("none") for method in methods)
    return f"{note} All {count} are identical here, so that nothing varies." if identical else note


def _revenue(contents: ReformContents) -> Iterator[str]:
    if contents.totals.empty or contents.totals.iloc[0]["account"] != "tax":
        return
    row: Any = contents.totals.iloc[0]
    words, unit = parts_in_words(row["baseline"], row["mechanical"], row["behavioural"]), row["unit"]
    if row["difference"] == 0:
        yield f"Revenue does not change: it is {words.baseline} {unit} on both sides."
        return
    verb = "rises" if row["difference"] > 0 else "falls"
    share = row["difference_share"]
    percent = "" if share != share else f" ({share:+.1%})"
    yield (
        f"Revenue {verb} from {words.baseline} to {words.reform} {unit}{percent}. The change of {words.difference} is"
        f" {words.mechanical} mechanical, at unchanged behaviour, and {words.behavioural} behavioural."
    )


def _first_metric(contents: ReformContents) -> str:
    row: Any = contents.result.table.iloc[0]
    metric = contents.result.sides.baseline.metrics[row["metric"]]
    words = parts_in_words(row["baseline"], row["mechanical"], row["behavioural"], metric.format)
    return f"{metric.title} changes from {words.baseline} to {words.reform} {metric.unit}".rstrip() + "."


def _gains(contents: ReformContents) -> Iterator[str]:
    shares = contents.result.shares
    if shares is None:
        return
    sentence = f"{shown(shares.winners, 'share')} of people gain in utility and {shown(shares.losers, 'share')} lose"
    if contents.by_income is None or "gain" not in contents.by_income:
        yield f"{sentence}."
        return
    gain = float(contents.by_income.iloc[-1]["gain"])
    amount = f"{shown(abs(gain))} {contents.unit} per person"
    yield f"{sentence}; on average, the {'loss' if gain < 0 else 'gain'} is worth {amount}."
