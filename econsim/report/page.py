"""The page: the template filled with the figures and the words about one run."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from econsim.report import content
from econsim.report.certificate import certified
from econsim.report.drawing import svg
from econsim.report.figures import Captioned
from econsim.report.references import references_of
from econsim.runs.costs import fit_costs

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["render"]


def render(run: Run, figures: Sequence[Captioned]) -> str:
    """Return the page as HTML; everything but the figures' own markup is escaped."""
    template = files("econsim.report").joinpath("template.html").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(_context(run, figures))


def _context(run: Run, figures: Sequence[Captioned]) -> dict[str, Any]:
    scenario, summary = run.scenario, run.summary
    return {
        "run": run.name,
        "scenario": scenario,
        "summary": summary,
        "environment": run.environment,
        "headline": content.headline(summary),
        "table": content.policy_table(summary, fit_costs(run)),
        "intervals": content.interval_notes(summary),
        "certified": certified(run.certificate) if (run.path / "certificate.json").is_file() else None,
        # svg() escapes the texts that it takes, and matplotlib those that it draws.
        "figures": [(item, Markup(svg(item.figure, item.name, item.alternative))) for item in figures],
        "calibration": content.notes_of(run),
        "constants": content.constants(run),
        "repeat": content.repeat_commands(run),
        "references": references_of(scenario.parts()),
        "own": list(summary["policies"])[-1],
    }
