"""Console summary of a finished run: a small table of its policies, its warnings and its folder."""

from __future__ import annotations

from typing import Any

from econsim.accounts import Metric
from econsim.runs.folder import Run
from econsim.runs.household_gaps import household_lines
from econsim.runs.llm_session import in_words
from econsim.runs.metric_columns import shown, shown_metrics
from econsim.runs.progress import Journal
from econsim.runs.summary import headline_verdict
from econsim.runs.workers import scored_under, workers_of

__all__ = ["ending_rows", "print_ending"]


def ending_rows(summary: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of the table as text: the headline metrics of each policy.

    They are shown under every set of workers, or, where a game declares no headline metrics, those of the report's
    table under the first. Where there are several sets, each column names its own.
    """
    responses = summary["responses"]
    headline = shown_metrics(summary, "headline")
    columns = [
        (metric, response)
        for metric in headline or shown_metrics(summary, "table")
        for response in (responses if headline else responses[:1])
        if any(metric.name in policy.get(response, {}) for policy in summary["policies"].values())
    ]
    header = ["policy", *(_title(metric, response, summary) for metric, response in columns)]
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
        # The workers of a column stand in a line of their own, so that the table fits a narrow terminal.
        table.add_column("\n".join(name.rsplit(", ", 1)), justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    journal.console.print(table)
    for row in [header, *rows]:
        journal.note(" | ".join(row))
    journal.say(scored_under(summary))
    for line in household_lines(summary):
        journal.say(line)
    for label, explanation in summary.get("explanations", {}).items():
        journal.say(f"{label}: {explanation}")
    for warning in summary["warnings"]:
        journal.say(f"warning: {warning}")
    if "llm" in summary:
        journal.say(in_words(summary["llm"]))
    if (headline := summary["headline"]) is not None:
        value = "not measured" if headline["value"] is None else f"{headline['value']:,.6g}"
        under = workers_of(summary, headline["response"]).words
        journal.say(
            f"headline {headline['metric']}, under {under}: {value} (expected {headline['expected']:,.6g}):"
            f" {headline_verdict(headline)}"
        )
    journal.say(f"run folder: {run.path}")


def _title(metric: Metric, response: str, summary: dict[str, Any]) -> str:
    under = f", {workers_of(summary, response).short}" if len(summary["responses"]) > 1 else ""
    return metric.title[:1].lower() + metric.title[1:] + under


def _cell(values: dict[str, float], metric: Metric) -> str:
    value = values.get(metric.name)
    if value is None:
        return ""
    return f"{value:,.1f}" if metric.format == "amount" and abs(value) >= 1000 else shown(value, metric.format)
