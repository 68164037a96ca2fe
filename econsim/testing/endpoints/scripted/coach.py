"""Scripted coach: it adds one fixed lesson to a list of lessons, unless the list contains it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["LESSON", "edits"]

LESSON = "Change the rate of one bracket at a time and keep what raised welfare."


def edits(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the edits of the list ``lessons``: the addition of the lesson, or none if it is there."""
    return [] if LESSON in facts.get("lessons", ()) else [{"do": "add", "number": 0, "text": LESSON}]
