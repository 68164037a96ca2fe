"""Intervals in words: the main metric of the scenario's own policy, what its interval varies over, and the baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from econsim.accounts import Metric
from econsim.report.content import baseline_of, noun
from econsim.runs.metric_columns import main_metric, shown
from econsim.runs.workers import workers_of

__all__ = ["interval_notes"]

_VARIES = {
    "training seeds": (
        "Training seeds differ in training only: all are evaluated with the same people and random draws."
    ),
    "episodes": (
        "Episodes differ in their random draws, and in their people where the game draws new ones. The interval does"
        " not include differences between training seeds."
    ),
}
_NOTHING = "There is no interval: one training seed and one episode are a single value."


def interval_notes(summary: Mapping[str, Any]) -> list[str]:
    """Return the 95 % intervals of the scenario's own policy and of its difference from the baseline, in words.

    Each names its method, or the reason why there is none.
    """
    metric = main_metric(summary)
    if metric is None:
        return []
    label, policy = list(summary["policies"].items())[-1]
    entries = [entry[metric.name] for entry in policy["intervals"].values() if metric.name in entry]
    if not entries:
        return [_NOTHING]
    notes = [*_means(summary, label, policy, metric), *_differences(summary, label, policy, metric)]
    return [*notes, *(_VARIES[over] for over in dict.fromkeys(map(_over, entries)))]


def _means(summary: Mapping[str, Any], label: str, policy: Mapping[str, Any], metric: Metric) -> Iterator[str]:
    for response, entries in policy["intervals"].items():
        if metric.name in entries:
            entry, value = entries[metric.name], shown(policy[response][metric.name], metric.format)
            averaged = f"mean {noun(metric).removeprefix('mean ')}"
            yield (
                f"{label}, under {workers_of(summary, response).words}: {averaged} over {entry['count']}"
                f" {_over(entry)} {value}, {_bounds(entry, metric)}."
            )


def _differences(summary: Mapping[str, Any], label: str, policy: Mapping[str, Any], metric: Metric) -> Iterator[str]:
    for response, entries in policy.get("differences", {}).items():
        if metric.name in entries:
            entry = entries[metric.name]
            yield (
                f"{label} minus {baseline_of(summary)}, under {workers_of(summary, response).words}: {noun(metric)}"
                f" {shown(entry['difference'], metric.format)}, paired over {entry['count']} {_over(entry)},"
                f" {_bounds(entry, metric)}."
            )


def _over(entry: Mapping[str, Any]) -> str:
    """Return what an interval is over; earlier versions had intervals over training seeds only."""
    over: str = entry.get("over", "training seeds")
    return over


def _bounds(entry: Mapping[str, Any], metric: Metric) -> str:
    method: str = entry.get("interval", "Student's t")
    if entry["low"] is None:
        return method.replace("none", "no interval", 1)
    low, high = (shown(entry[end], metric.format) for end in ("low", "high"))
    return f"95 % interval {low} to {high} ({method})"
