"""Presentation of incentive audits: the table of responses, the verdict, and notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from econsim.analysis.incentive_audit import FEWEST, MOST_REPLACED, SMALL
from econsim.analysis.power import MOST, POWER
from econsim.runs.llm_session import reasons_in_words

__all__ = ["Audited", "audited", "fragment", "of_replies"]

WORDING_MATTERS = 0.1
"""The smallest difference of elasticities between wordings that is reported as a concern."""
_VERDICTS = {
    "responds": "The population responds to incentives",
    "does not respond": "The population does not respond to incentives: its decisions are not informative about tax"
    " policy",
    "responds in the wrong direction": "The population works more at higher tax rates: it responds to incentives in the"
    " wrong direction",
    "no verdict": "No verdict: it is not known whether the population responds to incentives",
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
    verdict = f"{_VERDICTS[first['verdict']]}{_obstacle(first) if first['verdict'] == 'no verdict' else ''}."
    if elasticity is None:
        return verdict
    return (
        f"{verdict} The elasticity of hours to the net-of-tax rate is {_with_margin(elasticity)}"
        f" (95 % interval over people); elasticities up to {SMALL:g} count as no response."
    )


def _obstacle(audit: dict[str, Any]) -> str:
    """Return why there is no verdict, and with what there would be one."""
    if audit["replaced_share"] > MOST_REPLACED:
        return (
            f". {audit['replaced_share']:.1%} of the answers could not be used and were replaced by the failure policy;"
            f" at most {MOST_REPLACED:.0%} may be. Choose another model, or other settings of it"
        )
    needed, people = audit["people_needed"], audit["people"]
    would_do = f"more than {MOST:,}" if needed is None else f"about {needed:,}"
    if people < FEWEST:
        return f". {people:,} people are too few; {would_do} would do (economy.workers={needed or MOST})"
    return (
        f". The interval of {people:,} people is too wide; if elasticity and spread are those found, {would_do} people"
        f" give a verdict with a probability of {POWER:.0%} (economy.workers, or more --repeats)"
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
    yield from of_replies(content.get("llm"))


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


def of_replies(llm: dict[str, Any] | None) -> Iterator[str]:
    """Yield sentences about the replies of a model: whether it is simulated, and how many could not be used."""
    if llm is None:
        return
    if llm["simulated"]:
        yield f"The answers come from {llm['simulated']}, not from a language model."
    counters = list(llm["purposes"].values())
    questions = sum(counts["questions"] for counts in counters)
    for outcome, words in (("repaired", "were repaired"), ("failed", "could not be used")):
        count = sum(counts[outcome] for counts in counters)
        share = count / questions if questions else 0.0
        replaced = "; the failure policy decided in their place" * (outcome == "failed" and count > 0)
        yield f"{share:.1%} of {questions:,} replies {words}{reasons_in_words(counters, outcome)}{replaced}."
