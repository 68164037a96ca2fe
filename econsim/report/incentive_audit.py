"""An audit in words: its table, its verdict, and what else a reader has to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from econsim.analysis.incentive_audit import SMALL

__all__ = ["Audited", "audited", "fragment"]

WORDING_MATTERS = 0.1
"""A difference of elasticities between wordings that a reader has to know of."""
FAILURES_MATTER = 0.05
_VERDICTS = {
    "responds": "The population responds to incentives",
    "does not respond": "The population does not respond to incentives: its answers say nothing about tax policy",
    "responds in the wrong direction": "The population works more where taxes are higher: it responds to incentives in"
    " the wrong direction",
    "cannot be told": "Whether the population responds to incentives cannot be told from so few answers; ask more"
    " people or repeat",
    "nobody works": "Nobody works under any of these taxes",
}


class Audited(NamedTuple):
    """What an audit says: a table as text, and sentences, the verdict first."""

    header: list[str]
    rows: list[list[str]]
    notes: list[str]


def audited(content: dict[str, Any]) -> Audited:
    """Return the table of an audit, one row a wording with mean hours at each rate, and its sentences."""
    first = content["audits"][0]
    rates = [f"{100 * rate:g} %" for rate in first["rates"]]
    header = ["wording", *(f"at {rate}" for rate in rates), "elasticity", "respond", "monotone"]
    return Audited(header, [_row(found) for found in content["audits"]], [_verdict(content), *_notes(content, rates)])


def fragment(content: dict[str, Any]) -> str:
    """Return the audit as a piece of a page."""
    said = audited(content)
    head = Markup("").join(Markup("<th>{}</th>").format(title) for title in said.header)
    rows = Markup("\n").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row))
        for row in said.rows
    )
    notes = Markup("\n").join(Markup("<p>{}</p>").format(note) for note in said.notes)
    title = escape(f"Audit of the people of {content['scenario']}")
    return str(
        Markup(
            '<section class="audit">\n<h2>{}</h2>\n{}\n<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>\n'
            "</table>\n</section>\n"
        ).format(title, notes, head, rows)
    )


def _row(found: dict[str, Any]) -> list[str]:
    elasticity = found["elasticity"]
    return [
        found["wording"] or "-",
        *(f"{hours:.1f}" for hours in found["mean_hours"]),
        "-" if elasticity is None else _with_margin(elasticity),
        f"{found['responding_share']:.0%}",
        f"{found['monotone_share']:.0%}",
    ]


def _with_margin(elasticity: dict[str, Any]) -> str:
    """Return an elasticity and half of its 95 % interval, where there is one."""
    mean = f"{elasticity['mean']:.3f}"
    return mean if elasticity["low"] is None else f"{mean} ± {elasticity['high'] - elasticity['mean']:.3f}"


def _verdict(content: dict[str, Any]) -> str:
    """Return the verdict, that of the own wording, with its elasticity."""
    first = content["audits"][0]
    elasticity = first["elasticity"]
    if elasticity is None:
        return f"{_VERDICTS[first['verdict']]}."
    return (
        f"{_VERDICTS[first['verdict']]}. The elasticity of hours to the net-of-tax rate is {_with_margin(elasticity)}"
        f" (95 %, over people); up to {SMALL:g} counts as none."
    )


def _notes(content: dict[str, Any], rates: Sequence[str]) -> Iterator[str]:
    first = content["audits"][0]
    changes = ", ".join(f"{change:+.0%} from {rate}" for change, rate in zip(first["responses"], rates, strict=False))
    yield f"Mean hours at {rates[-1]} against lower rates: {changes}."
    working = ", ".join(f"{share:.0%} at {rate}" for share, rate in zip(first["participation"], rates, strict=True))
    yield f"Who works at all: {working}."
    if content["repeats"] > 1:
        yield f"Asked again, one person's hours vary by {first['repeat_spread']:.2f} (standard deviation)."
    yield from _of_wording(content["audits"])
    yield from _of_replies(content.get("llm"))


def _of_wording(audits: Sequence[dict[str, Any]]) -> Iterator[str]:
    if len(audits) < 2:
        return
    verdicts = {found["verdict"] for found in audits}
    means = [found["elasticity"]["mean"] for found in audits if found["elasticity"] is not None]
    spread = max(means) - min(means) if means else 0.0
    differ = f"elasticities differ by {spread:.3f} between wordings of the same facts"
    if len(verdicts) > 1 or spread > WORDING_MATTERS:
        also = ", and so do verdicts" if len(verdicts) > 1 else ""
        yield f"The wording matters: {differ}{also}. What a policy does here may be the wording's doing."
    else:
        yield f"The wording does not matter: {differ}."


def _of_replies(llm: dict[str, Any] | None) -> Iterator[str]:
    if llm is None:
        return
    if llm["simulated"]:
        yield f"No language model answered: {llm['simulated']} did."
    questions = sum(found["questions"] for found in llm["purposes"].values())
    failed = sum(found["failed"] for found in llm["purposes"].values())
    share = failed / questions if questions else 0.0
    doubt = (
        ", so that the failure policy answered for them; the figures above include it"
        if share > FAILURES_MATTER
        else ""
    )
    yield f"{share:.1%} of {questions:,} replies could not be used{doubt}."
