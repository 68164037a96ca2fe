"""What a run prints when it ends: a small table of its policies, and where to read more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from econsim.runs.folder import Run
from econsim.runs.llm_session import in_words
from econsim.runs.progress import Journal

__all__ = ["ending_rows", "print_ending"]

_COLUMNS = {
    "welfare": ("welfare", "{:,.1f}"),
    "gap_closed": ("gap closed", "{:.1%}"),
    "mean_hours": ("mean hours", "{:.1f}"),
}


def ending_rows(summary: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of the table as text: each policy under the first response, welfare under all."""
    responses = summary["responses"]
    columns = [
        (name, response)
        for name in _COLUMNS
        for response in (responses if name == "welfare" else responses[:1])
        if any(name in policy.get(response, {}) for policy in summary["policies"].values())
    ]
    header = ["policy", *(_COLUMNS[name][0] + (f", {it}" if it != responses[0] else "") for name, it in columns)]
    rows = [
        [label, *(_shown(name, policy.get(response, {}).get(name)) for name, response in columns)]
        for label, policy in summary["policies"].items()
    ]
    return header, rows


def print_ending(journal: Journal, run: Run, report: Path) -> None:
    """Print the table, the warnings and the places of folder and report; the log gets them as well."""
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
    for warning in summary["warnings"]:
        journal.say(f"warning: {warning}")
    if "llm" in summary:
        journal.say(in_words(summary["llm"]))
    if (headline := summary["headline"]) is not None:
        verdict = "reproduced" if headline["passed"] else "NOT reproduced"
        found = "not measured" if headline["value"] is None else f"{headline['value']:,.6g}"
        journal.say(f"headline {headline['metric']}: {found} (expected {headline['expected']:,.6g}): {verdict}")
    journal.say(f"run folder: {run.path}")
    journal.say(f"report: {report}")


def _shown(name: str, value: float | None) -> str:
    return "" if value is None else _COLUMNS[name][1].format(value)
