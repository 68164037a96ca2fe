"""Declared metrics of a run: the selection shown in a table, their titles and units, and the format of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from econsim.accounts import Format, Metric

__all__ = ["in_words", "main_metric", "metrics_in", "shown", "shown_metrics", "titled"]


def metrics_in(summary: Mapping[str, Any]) -> dict[str, Metric]:
    """Return the metrics that a run declares, by name; where it declares none, titles are derived from the names."""
    if "metrics" in summary:
        return {name: Metric(name, **declaration) for name, declaration in summary["metrics"].items()}
    scores = (policy.get(response, {}) for policy in summary["policies"].values() for response in summary["responses"])
    names = dict.fromkeys(name for score in scores for name in score)
    return {name: Metric(name, name.replace("_", " ").capitalize(), show="table") for name in names}


def shown_metrics(summary: Mapping[str, Any], *shows: str) -> list[Metric]:
    """Return the metrics whose ``show`` is among ``shows`` and that some policy has a value of, in declared order."""
    first = summary["responses"][0]
    measured = {name for policy in summary["policies"].values() for name in policy.get(first, {})}
    return [metric for metric in metrics_in(summary).values() if metric.show in shows and metric.name in measured]


def main_metric(summary: Mapping[str, Any]) -> Metric | None:
    """Return the first headline metric, or else the first of the table; ``None`` if nothing is measured."""
    shown = shown_metrics(summary, "headline") or shown_metrics(summary, "table")
    return shown[0] if shown else None


def shown(value: float, form: Format = "amount") -> str:
    """Return a value as text: an ``amount`` (without decimals if large), a ``share``, ``hours`` or an ``index``."""
    if form == "amount":
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    # Adding zero turns a rounded -0 into 0.
    pattern = {"share": "{:.1%}", "hours": "{:.1f}", "index": "{:.3f}"}[form]
    return pattern.format(round(value, 3) + 0.0)


def titled(metric: Metric) -> str:
    """Return a metric's title with its unit, for an axis or a column."""
    return f"{metric.title}, {metric.unit}" if metric.unit else metric.title


def in_words(metric: Metric, value: float) -> str:
    """Return a value as text with its unit."""
    return f"{shown(value, metric.format)} {metric.unit}".rstrip()
