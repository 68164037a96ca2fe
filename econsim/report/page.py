"""HTML pages: templates filled with the figures and the text about one or several runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from econsim.report import content
from econsim.report.caveats import caveats
from econsim.report.certificate import certified
from econsim.report.drawing import Drawn, svg
from econsim.report.elections import election_tables
from econsim.report.groups import groups_in_words
from econsim.report.household_gaps import household_table, statistics_table
from econsim.report.interactive import library
from econsim.report.interval_notes import interval_notes
from econsim.report.llm_usage import llm_usage
from econsim.report.network import network_in_words
from econsim.report.ranking import answer, ranking_in_words
from econsim.report.references import references_of
from econsim.report.reform import reform_in_words
from econsim.runs.costs import fit_costs
from econsim.runs.summary import headline_verdict
from econsim.runs.transcripts import CONVERSATION, has_transcript
from econsim.runs.workers import scored_under, workers_of

if TYPE_CHECKING:
    from econsim.report.games.blocks import Block
    from econsim.runs.folder import Run

__all__ = ["fill", "render", "with_figures"]


def render(
    run: Run,
    drawn: Iterable[Drawn],
    interactive: bool = False,
    blocks: Sequence[Block] = (),
    drawn_of_game: Iterable[Drawn] = (),
) -> str:
    """Return the page about a run as HTML.

    Args:
        run: the run.
        drawn: its figures.
        interactive: whether to include interactive plots, if plotly is installed.
        blocks: the blocks about its game, if it has an exact view.
        drawn_of_game: the figures of these blocks, in order.
    """
    sections = {name: section(run) for name, section in SECTIONS.items()}
    return fill("report.html", drawn, interactive, {**sections, "game": with_figures(blocks, drawn_of_game)})


def with_figures(blocks: Sequence[Block], drawn: Iterable[Drawn]) -> list[dict[str, Any]]:
    """Return the blocks of a game as variables of a template, with their figures ``drawn`` in order."""
    pictures = {picture.item.name: _figure(picture, interactive=False) for picture in drawn}
    return [
        {"block": block, "figure": None if block.figure is None else pictures[block.figure.name]} for block in blocks
    ]


def fill(template: str, drawn: Iterable[Drawn], interactive: bool, context: dict[str, Any]) -> str:
    """Return a template filled with its context and figures; everything except the markup of figures is escaped."""
    loader = PackageLoader("econsim.report", "pages")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    script = library() if interactive else None
    figures = [_figure(picture, script is not None) for picture in drawn]
    needed = Markup(script) if script and any(figure["plot"] for figure in figures) else None
    return environment.get_template(template).render(**context, figures=figures, library=needed) + "\n"


SECTIONS: dict[str, Callable[[Run], Any]] = {
    "run": lambda run: run.name,
    "scenario": lambda run: run.scenario,
    "summary": lambda run: run.summary,
    "environment": lambda run: run.environment,
    "question": content.question,
    "scored_under": lambda run: scored_under(run.summary),
    "columns_note": lambda run: content.columns_note(run.summary),
    "answer": lambda run: answer(run.summary),
    "ranking": lambda run: ranking_in_words(run.summary),
    "headline": lambda run: content.headline(run.summary),
    "reference_workers": lambda run: _reference_workers(run.summary),
    "verdict": lambda run: headline_verdict(run.summary["headline"]) if run.summary["headline"] else "",
    "intervals": lambda run: interval_notes(run.summary),
    "caveats": caveats,
    "table": lambda run: content.policy_table(run.summary, fit_costs(run)),
    "groups": groups_in_words,
    "reform": reform_in_words,
    "network": network_in_words,
    "households": household_table,
    "household_statistics": statistics_table,
    "elections": election_tables,
    "certificates": lambda run: [certified(certificate) for certificate in run.certificates.values()],
    "llm_usage": llm_usage,
    "conversation": lambda run: CONVERSATION if has_transcript(run) else "",
    "calibration": content.notes_of,
    "constants": content.constants,
    "machine": content.machine_in_words,
    "repeat": content.repeat_commands,
    "references": lambda run: references_of(run.scenario.parts()),
    "own": lambda run: list(run.summary["policies"])[-1],
}
"""The content of the page about a run, by the name of the template variable."""


def _reference_workers(summary: dict[str, Any]) -> str:
    """Return the followers under which the reference value is compared, in words."""
    response = (summary["headline"] or {}).get("response", summary["responses"][0])
    return workers_of(summary, response).words


def _figure(picture: Drawn, interactive: bool) -> dict[str, Any]:
    item = picture.item
    plot = json.dumps(item.plot, allow_nan=False) if interactive and item.plot else None
    return {
        "name": item.name,
        "title": item.title,
        "caption": item.caption,
        "alternative": item.alternative,
        # svg() escapes the alternative text, and matplotlib escapes the text that it draws.
        "wide": Markup(svg(picture.wide, item.alternative)),
        "narrow": Markup(svg(picture.narrow, item.alternative)),
        "plot": None if plot is None else Markup(plot.replace("<", "\\u003c")),
    }
