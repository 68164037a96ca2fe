"""Ranking of the policies of a run by its main metric, with ties where a paired interval includes zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from econsim.runs.score_intervals import paired_differences
from econsim.runs.scoring import Score

__all__ = ["ranking"]

_ROUNDING = 1e-9  # relative: smaller differences of values without an interval are rounding


def ranking(by_policy: Mapping[str, Sequence[Score]], metric: str) -> list[dict[str, Any]]:
    """Return one entry per policy that has the metric, the highest mean first.

    A policy shares the ``rank`` of the best policy of that rank (``tied_with``) if the 95 % interval of their paired
    difference includes zero, or, where nothing varies, if they are equal. Entries also have ``policy``, ``value``,
    ``behind``, the difference from the first policy, and, where something varies, ``low``, ``high``, ``count``,
    ``over`` and ``interval`` of that difference, see :func:`econsim.runs.score_intervals.paired_differences`.

    Args:
        by_policy: the scores of each policy under one response.
        metric: the name of the metric.
    """
    values = {
        label: fmean(score.metrics[metric] for score in scores)
        for label, scores in by_policy.items()
        if scores and all(metric in score.metrics for score in scores)
    }
    ordered = sorted(values, key=lambda label: -values[label])
    entries: list[dict[str, Any]] = []
    leader = ordered[0] if ordered else ""
    for place, label in enumerate(ordered, 1):
        tied = label != leader and _tied(by_policy[label], by_policy[leader], metric)
        if not tied:
            leader = label
        rank = place if leader == label else next(entry["rank"] for entry in entries if entry["policy"] == leader)
        named = {"policy": label, "value": values[label], "rank": rank, "tied_with": leader if tied else None}
        difference = paired_differences(by_policy[ordered[0]], by_policy[label]).get(metric, {}) if place > 1 else {}
        bounds = {name: value for name, value in difference.items() if name != "difference"}
        entries.append({**named, "behind": values[ordered[0]] - values[label], **bounds})
    return entries


def _tied(scores: Sequence[Score], best: Sequence[Score], metric: str) -> bool:
    difference = paired_differences(best, scores).get(metric, {})
    if difference.get("low") is not None:
        return bool(difference["low"] <= 0.0 <= difference["high"])
    means = [fmean(score.metrics[metric] for score in side) for side in (best, scores)]
    return abs(means[0] - means[1]) <= _ROUNDING * max(map(abs, means))
