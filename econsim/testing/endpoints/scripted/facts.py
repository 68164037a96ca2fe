"""The numbers of a question: the last line that begins with ``FACTS: `` and one JSON object."""

from __future__ import annotations

import json
from typing import Any

from econsim.testing.endpoints.responders import Unanswerable

__all__ = ["MARK", "facts_of"]

MARK = "FACTS: "


def facts_of(text: str) -> dict[str, Any]:
    """Return the facts of a question.

    Only the last such line counts: what stands above it may quote anybody.

    Raises:
        Unanswerable: there are none.
    """
    lines = [line for line in text.splitlines() if line.startswith(MARK)]
    try:
        found = json.loads(lines[-1].removeprefix(MARK)) if lines else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unanswerable(f"no line that begins with {MARK!r} and one JSON object")
    return found
