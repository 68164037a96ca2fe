"""Scripted player of any game: it chooses the first option, or the middle of the range, that the schema allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from econsim.testing.endpoints.responders import Unanswerable

__all__ = ["KEY", "action", "saying"]

KEY = "action"
_SAYINGS: Mapping[str, Any] = {
    "message": {"to": ["all"], "text": "I am a scripted model, and I choose the first option."},
    "reflection": "I am a scripted model, and I conclude nothing.",
    "importance": 5,
}
_MIDDLE = 5  # on a scale from 0 to 10, on which personas answer about themselves


def saying(key: str | None, schema: Mapping[str, Any]) -> Any:
    """Return the reply to a question for a message, a conclusion, a rating, or of an interview, else ``None``."""
    if key != "answer":
        return _SAYINGS.get(key or "")
    if schema.get("type") == "string" and "enum" not in schema:
        return "I am a scripted model, and I have no opinion."
    return _MIDDLE if _MIDDLE in schema.get("enum", ()) else action(schema)


def action(schema: Mapping[str, Any]) -> Any:
    """Return the value of an action that satisfies the JSON schema of the request.

    A range with a single bound gives that bound, and one without bounds gives zero.

    Raises:
        Unanswerable: the schema does not describe an action.
    """
    if schema.get("enum"):
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: action(entry) for name, entry in schema.get("properties", {}).items()}
        case "array":
            return [action(schema.get("items", {}))] * int(schema.get("minItems", 0))
        case "number":
            ends = [float(schema[end]) for end in ("minimum", "maximum") if end in schema]
            return sum(ends) / len(ends) if ends else 0.0
    raise Unanswerable(f"no action can be chosen from the schema {dict(schema)}")
