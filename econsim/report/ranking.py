"""Ranking of a run's policies in words: the best one, ties with it, and by how much each falls behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from econsim.accounts import Metric
from econsim.report.content import listed, noun
from econsim.runs.metric_columns import in_words, main_metric, shown, titled
from econsim.runs.workers import workers_of

__all__ = ["Ranking", "answer", "ranking_in_words"]


class Ranking(NamedTuple):
    """The table as text, with the first cell of the row of the scenario's own policy, and a note."""

    header: list[str]
    rows: list[list[str]]
    own: str
    note: str


def answer(summary: Mapping[str, Any]) -> str:
    """Return which policy has the highest value of the main metric; empty for a single policy."""
    entries, metric = summary.get("ranking") or [], main_metric(summary)
    if metric is None or len(entries) < 2:
        return ""
    best, second = entries[0], next((entry for entry in entries if entry["rank"] > 1), None)
    first = [entry["policy"] for entry in entries if entry["rank"] == 1]
    under = f"under {workers_of(summary, summary['responses'][0]).words}"
    if len(first) == 1:
        sentence = f"{best['policy']} gives the highest {noun(metric)}, {in_words(metric, best['value'])}, {under}"
    else:
        sentence = (
            f"{listed(first)} give the highest {noun(metric)} {under}, and the run cannot tell them apart: the 95 %"
            f" interval of the difference from {best['policy']} ({in_words(metric, best['value'])}) includes zero"
        )
        if all(entry.get("low") is None for entry in entries if entry["policy"] in first[1:]):
            sentence = f"{listed(first)} give the same {noun(metric)}, {in_words(metric, best['value'])}, {under}"
    if second is None:
        return f"{sentence}."
    behind = shown(second["behind"], metric.format)
    return f"{sentence}. Next is {second['policy']}, {behind} lower{_bounds(second, metric)}."


def ranking_in_words(summary: Mapping[str, Any]) -> Ranking | None:
    """Return the table for a page, or ``None`` for a single policy."""
    entries, metric = summary.get("ranking") or [], main_metric(summary)
    if metric is None or len(entries) < 2:
        return None
    named = {entry["policy"]: f"{entry['rank']}. {entry['policy']}" for entry in entries}
    rows = [
        [
            named[entry["policy"]],
            shown(entry["value"], metric.format),
            shown(entry["behind"], metric.format) if index else "",
            _interval(entry, metric),
        ]
        for index, entry in enumerate(entries)
    ]
    compared = {f"{entry['count']} {entry['over']}" for entry in entries if "over" in entry}
    over = f"paired over {listed(sorted(compared))}" if compared else "of which a single episode has none"
    note = (
        f"Policies share a rank if the 95 % interval of their difference ({over}) includes zero; each interval is for"
        " one comparison, without an adjustment for their number."
    )
    own = named.get(list(summary["policies"])[-1], "")
    return Ranking(["Policy", titled(metric), "Below the first", "95 % interval"], rows, own, note)


def _interval(entry: Mapping[str, Any], metric: Metric) -> str:
    if entry.get("low") is None:
        return ""
    return f"{shown(entry['low'], metric.format)} to {shown(entry['high'], metric.format)}"


def _bounds(entry: Mapping[str, Any], metric: Metric) -> str:
    if entry.get("low") is None:
        return ""
    return f" (95 % interval {_interval(entry, metric)}, {entry['interval']}, {entry['count']} {entry['over']})"
