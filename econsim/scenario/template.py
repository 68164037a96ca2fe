"""Template of a new scenario (``econsim init``): a copy of another scenario below an explanation of every key."""

from __future__ import annotations

import textwrap
from pathlib import Path

from econsim.scenario.model import Scenario
from econsim.scenario.yaml_reader import MOST_BYTES
from econsim.storage.user_files import read_user_file

_WIDTH = 120
_WRITTEN_ELSEWHERE = ("planner_label",)


def template(name: str, source: Path) -> str:
    """Return YAML text: a first line to edit, the meaning of each key, and the text of ``source``."""
    lines = [f"# {name}: a copy of {source.stem}; replace this line with a summary of your scenario.", "#"]
    for key, field in Scenario.model_fields.items():
        if key not in _WRITTEN_ELSEWHERE:
            text = f"{key}: {field.description}"
            lines += textwrap.wrap(text, _WIDTH, initial_indent="#   ", subsequent_indent="#       ")
    lines += ["#", "# To see the parameters of a kind: econsim describe KIND", ""]
    return "\n".join(lines) + _body(read_user_file(source, MOST_BYTES).decode("utf-8-sig", "replace"))


def _body(text: str) -> str:
    """Return ``text`` without its first line if that is a comment."""
    return text.split("\n", 1)[1] if text.startswith("#") else text
