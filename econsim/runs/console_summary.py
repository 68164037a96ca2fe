"""Console summary of a finished run: a small table of its policies, its warnings and its folder."""

from __future__ import annotations

from typing import Any

from econsim.accounts import Metric
from econsim.runs.folder import Run
from econsim.runs.llm_session import in_words
from econsim.runs.metric_columns import shown, shown_metrics
from econsim.runs.progress import Journal

__all__ = ["ending_rows", "print_ending"]


def ending_rows(summary: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of the table as text: the headline metrics of each policy.

    The first metric is shown for every response, the others for the first response only.
    """
    responses = summary["responses"]
    metrics = shown_metrics(summary, "headline") or shown_metrics(summary, "table")
    columns = [
        (metric, response)
        for metric in metrics
        for response in (responses if metric == metrics[0] else responses[:1])
        if any(metric.name in policy.get(response, {}) for policy in summary["policies"].values())
    ]
    header = ["policy", *(_title(metric, response, responses[0]) for metric, response in columns)]
    rows = [
        [label, *(_cell(policy.get(response, {}), metric) for metric, response in columns)]
        for label, policy in summary["policies"].items()
    ]
    return header, rows


def print_ending(journal: Journal, run: Run) -> None:
    """Print the table, the warnings and the folder of a run, and write them to its log."""
    from rich.table import Table

    summary = run.summary
    header, rows = ending_rows(summary)
    table = Table(box=None, pad_edge=False)
    for index, name in enumerate(header):
        table.add_column(name, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    journal.console.print(table)
    for row in [header, *rows]:
        journal.note(" | ".join(row))
    for label, explanation in summary.get("explanations", {}).items():
        journal.say(f"{label}: {explanation}")
    for warning in summary["warnings"]:
        journal.say(f"warning: {warning}")
    if "llm" in summary:
        journal.say(in_words(summary["llm"]))
    if (headline := summary["headline"]) is not None:
        verdict = "reproduced" if headline["passed"] else "NOT reproduced"
        value = "not measured" if headline["value"] is None else f"{headline['value']:,.6g}"
        journal.say(f"headline {headline['metric']}: {value} (expected {headline['expected']:,.6g}): {verdict}")
    journal.say(f"run folder: {run.path}")


def _title(metric: Metric, response: str, first: str) -> str:
    under = "" if response == first else f", {response}"
    return metric.title[:1].lower() + metric.title[1:] + under


def _cell(values: dict[str, float], metric: Metric) -> str:
    value = values.get(metric.name)
    if value is None:
        return ""
    return f"{value:,.1f}" if metric.format == "amount" and abs(value) >= 1000 else shown(value, metric.format)
