"""The text that ``econsim init`` writes: another scenario, with every key of a scenario explained above it."""

from __future__ import annotations

import textwrap
from pathlib import Path

from econsim.scenario.model import Scenario

_WIDTH = 120
_WRITTEN_ELSEWHERE = ("planner_label",)


def template(name: str, source: Path) -> str:
    """Return YAML text: a first line to edit, what each key means, and the text of ``source``."""
    lines = [f"# {name}: a copy of {source.stem}; say here in one line what it is about.", "#"]
    for key, field in Scenario.model_fields.items():
        if key not in _WRITTEN_ELSEWHERE:
            text = f"{key}: {field.description}"
            lines += textwrap.wrap(text, _WIDTH, initial_indent="#   ", subsequent_indent="#       ")
    lines += ["#", "# What a kind can be given: econsim describe KIND", ""]
    return "\n".join(lines) + _body(source.read_text("utf-8"))


def _body(text: str) -> str:
    """Return ``text`` without its own first comment line."""
    return text.split("\n", 1)[1] if text.startswith("#") else text
