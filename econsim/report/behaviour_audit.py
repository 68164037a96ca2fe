"""Presentation of behavioural audits: the table of variants, notes, and the table of persona drift."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from econsim.analysis.behaviour import FEWEST, SMALL
from econsim.analysis.incentive_audit import MOST_REPLACED
from econsim.analysis.power import MOST, POWER
from econsim.report.incentive_audit import Audited, of_replies

__all__ = ["behaviour_table", "drift_table", "fragment"]

_ROUNDING = 1e-9
_MEANING = {
    "memory": "a memory that changes nothing costs tokens for nothing",
    "paraphrase": "a change means that results depend on the wording",
    "order": "a change means that results depend on the order in which options are listed",
    "names": "a change means that the model answers from memory of known games, or from the names, not from the rules",
    "models": "a change means that results depend on the model",
    "replicates": "the same questions with other seeds: what changes here is noise",
}


def behaviour_table(content: dict[str, Any]) -> Audited:
    """Return the variants as a table, and notes."""
    header = ["variation", "variant", "role", "choice", "share", "difference", "first choices", "return", "verdict"]
    return Audited(header, [_row(row) for row in content["rows"]], [*_notes(content)])


def drift_table(content: dict[str, Any]) -> Audited | None:
    """Return the answers of personas about themselves early and late, with the verdict; ``None`` if none were asked."""
    drift = content["drift"]
    if drift is None:
        return None
    header = ["question", "first step", "asked again", "last step", "spread first", "spread last"]
    columns = ("first", "again", "last", "spread_first", "spread_last")
    rows = [
        [row["question"], *(f"{row[name]:.2f}" if name in row else "-" for name in columns)]
        for row in drift["questions"]
    ]
    change = drift["change"]
    verdict = {
        "changes": "Personas drift",
        "does not change": "Personas do not drift",
        "no verdict": f"No verdict on drift{_needed(change, 'players')}",
    }[change["verdict"]]
    margin = _with_margin(change["difference"], 10.0)
    sentence = (
        f"{verdict}: from the first to the last step, answers change by {margin} points of 10 (mean of"
        f" {drift['players']:,} player{'s' if drift['players'] != 1 else ''}) more than when the same question is asked"
        f" twice; up to {10 * SMALL:g} points count as none."
    )
    return Audited(header, rows, [sentence])


def fragment(content: dict[str, Any]) -> str:
    """Return the audit as an HTML section."""
    tables = [behaviour_table(content), drift_table(content)]
    body = Markup("\n").join(_section(table) for table in tables if table is not None and table.rows)
    title = f"Behavioural audit of {content['scenario']}"
    return str(Markup('<section class="audit">\n<h2>{}</h2>\n{}\n</section>\n').format(title, body))


def _section(table: Audited) -> Markup:
    head = Markup("").join(Markup("<th>{}</th>").format(title) for title in table.header)
    rows = Markup("\n").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row))
        for row in table.rows
    )
    notes = Markup("\n").join(Markup("<p>{}</p>").format(note) for note in table.notes)
    template = "<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>\n</table>\n{}"
    return Markup(template).format(head, rows, notes)


def _row(row: dict[str, Any]) -> list[str]:
    change = row["change"]
    verdict = change["verdict"]
    return [
        row["variation"],
        row["variant"],
        row["role"],
        change["choice"],
        f"{row['before']:.2f} to {row['after']:.2f}",
        _with_margin(change["difference"]),
        "-" if row["first_changed"] is None else f"{row['first_changed']:.0%} changed",
        "-" if row["return"] is None else _with_margin(row["return"]),
        f"{verdict}{_obstacle(row)}" if verdict == "no verdict" else verdict,
    ]


def _obstacle(row: dict[str, Any]) -> str:
    """Return why there is no verdict, and with what there would be one."""
    if row["replaced_share"] > MOST_REPLACED:
        return f" ({row['replaced_share']:.0%} of the answers could not be used; at most {MOST_REPLACED:.0%} may be)"
    return _needed(row["change"], "")


def _with_margin(interval: dict[str, Any], scale: float = 1.0) -> str:
    """Return a mean with half the width of its interval, if there is one."""
    mean = f"{scale * interval['mean']:+.3g}" if abs(interval["mean"]) > _ROUNDING else "0"
    if interval["low"] is None:
        return mean
    return f"{mean} ± {scale * 0.5 * (interval['high'] - interval['low']):.2g}"


def _needed(change: dict[str, Any], units: str) -> str:
    """Return how many units would give a verdict."""
    needed = change["units_needed"]
    if needed is None:
        return f" (more than {MOST:,} {units}".rstrip() + " needed)"
    return f" (about {max(needed, FEWEST):,} {units}".rstrip() + " needed)"


def _notes(content: dict[str, Any]) -> Iterator[str]:
    yield (
        f"Differences are paired over {content['unit']} under the same random draws. Of the options of a role, the one"
        f" that differs most is shown; its interval covers all options at once (95 %, Bonferroni). Differences up to"
        f" {SMALL:g} count as none; no verdict with fewer than {FEWEST} {content['unit']}. The needed number gives a"
        f" verdict with a probability of {POWER:.0%}."
    )
    used = dict.fromkeys(row["variation"] for row in content["rows"])
    yield from (f"{name}: {_MEANING[name]}." for name in used if name in _MEANING)
    if "names" in used and content["story_kept"]:
        yield "names: the rules of this game tell a story, in which only names are replaced; a model may recognise it."
    if "drift" in used:
        yield "drift: decisions of late steps may also differ since the situation does; the personas' answers do not."
    yield from content["skipped"]
    yield from of_replies(content["llm"])
