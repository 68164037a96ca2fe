"""Presentation of incentive audits: the table of responses, the verdict, and notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from econsim.analysis.incentive_audit import SMALL

__all__ = ["Audited", "audited", "fragment"]

WORDING_MATTERS = 0.1
"""The smallest difference of elasticities between wordings that is reported as a concern."""
FAILURES_MATTER = 0.05
_VERDICTS = {
    "responds": "The population responds to incentives",
    "does not respond": "The population does not respond to incentives: its decisions are not informative about tax"
    " policy",
    "responds in the wrong direction": "The population works more at higher tax rates: it responds to incentives in the"
    " wrong direction",
    "inconclusive": "There are too few decisions to determine whether the population responds to incentives; use more"
    " workers or more repeats",
    "nobody works": "No worker works at any of these tax rates",
}


class Audited(NamedTuple):
    """An audit as text: a table, and sentences, of which the first is the verdict."""

    header: list[str]
    rows: list[list[str]]
    notes: list[str]


def audited(content: dict[str, Any]) -> Audited:
    """Return an audit as text, with one row per wording and the mean hours at each tax rate."""
    first = content["audits"][0]
    rates = [f"{100 * rate:g} %" for rate in first["rates"]]
    header = ["wording", *(f"at {rate}" for rate in rates), "elasticity", "respond", "monotone"]
    return Audited(header, [_row(audit) for audit in content["audits"]], [_verdict(content), *_notes(content, rates)])


def fragment(content: dict[str, Any]) -> str:
    """Return the audit as an HTML section."""
    text = audited(content)
    head = Markup("").join(Markup("<th>{}</th>").format(title) for title in text.header)
    rows = Markup("\n").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row))
        for row in text.rows
    )
    notes = Markup("\n").join(Markup("<p>{}</p>").format(note) for note in text.notes)
    title = escape(f"Incentive audit of the workers of {content['scenario']}")
    return str(
        Markup(
            '<section class="audit">\n<h2>{}</h2>\n{}\n<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>\n'
            "</table>\n</section>\n"
        ).format(title, notes, head, rows)
    )


def _row(audit: dict[str, Any]) -> list[str]:
    elasticity = audit["elasticity"]
    return [
        audit["wording"] or "-",
        *(f"{hours:.1f}" for hours in audit["mean_hours"]),
        "-" if elasticity is None else _with_margin(elasticity),
        f"{audit['responding_share']:.0%}",
        f"{audit['monotone_share']:.0%}",
    ]


def _with_margin(elasticity: dict[str, Any]) -> str:
    """Return an elasticity with half the width of its 95 % interval, if there is one."""
    mean = f"{elasticity['mean']:.3f}"
    return mean if elasticity["low"] is None else f"{mean} ± {elasticity['high'] - elasticity['mean']:.3f}"


def _verdict(content: dict[str, Any]) -> str:
    """Return the verdict under the scenario's own wording, with the elasticity."""
    first = content["audits"][0]
    elasticity = first["elasticity"]
    if elasticity is None:
        return f"{_VERDICTS[first['verdict']]}."
    return (
        f"{_VERDICTS[first['verdict']]}. The elasticity of hours to the net-of-tax rate is {_with_margin(elasticity)}"
        f" (95 % interval over people); elasticities up to {SMALL:g} count as no response."
    )


def _notes(content: dict[str, Any], rates: Sequence[str]) -> Iterator[str]:
    first = content["audits"][0]
    changes = ", ".join(f"{change:+.0%} from {rate}" for change, rate in zip(first["responses"], rates, strict=False))
    yield f"Change of mean hours at {rates[-1]} relative to lower tax rates: {changes}."
    working = ", ".join(f"{share:.0%} at {rate}" for share, rate in zip(first["participation"], rates, strict=True))
    yield f"Participation rate: {working}."
    if content["repeats"] > 1:
        yield f"Standard deviation of one person's hours between repeats: {first['repeat_spread']:.2f}."
    yield from _of_wording(content["audits"])
    yield from _of_replies(content.get("llm"))


def _of_wording(audits: Sequence[dict[str, Any]]) -> Iterator[str]:
    if len(audits) < 2:
        return
    verdicts = {audit["verdict"] for audit in audits}
    means = [audit["elasticity"]["mean"] for audit in audits if audit["elasticity"] is not None]
    spread = max(means) - min(means) if means else 0.0
    differ = f"elasticities differ by {spread:.3f} between wordings of the same facts"
    if len(verdicts) > 1 or spread > WORDING_MATTERS:
        also = ", and the verdicts differ too" if len(verdicts) > 1 else ""
        yield f"The wording matters: {differ}{also}. Effects of a policy may depend on the wording."
    else:
        yield f"The wording does not matter: {differ}."


def _of_replies(llm: dict[str, Any] | None) -> Iterator[str]:
    if llm is None:
        return
    if llm["simulated"]:
        yield f"The answers come from {llm['simulated']}, not from a language model."
    questions = sum(counts["questions"] for counts in llm["purposes"].values())
    failed = sum(counts["failed"] for counts in llm["purposes"].values())
    share = failed / questions if questions else 0.0
    remark = (
        "; they were replaced by the failure policy, whose decisions are included above"
        if share > FAILURES_MATTER
        else ""
    )
    yield f"{share:.1%} of {questions:,} replies could not be used{remark}."
