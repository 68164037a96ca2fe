"""Facts of a question: the JSON object in the last line that starts with ``FACTS: ``."""

from __future__ import annotations

import json
from typing import Any

from econsim.testing.endpoints.responders import Unanswerable

__all__ = ["MARK", "facts_of"]

MARK = "FACTS: "


def facts_of(text: str) -> dict[str, Any]:
    """Return the facts of a question.

    Only the last such line is used, since earlier text may contain quotations of other agents.

    Raises:
        Unanswerable: the question has no facts.
    """
    lines = [line for line in text.splitlines() if line.startswith(MARK)]
    try:
        facts = json.loads(lines[-1].removeprefix(MARK)) if lines else None
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise Unanswerable(f"expected a line that starts with {MARK!r}, followed by one JSON object")
    return facts
