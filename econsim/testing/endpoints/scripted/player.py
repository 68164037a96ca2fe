"""A player of any game who takes the first option, or the middle of a range, of what the reply may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from econsim.testing.endpoints.responders import Unanswerable

__all__ = ["KEY", "action"]

KEY = "action"


def action(schema: Mapping[str, Any]) -> Any:
    """Return the value of an action, by the JSON schema that the request asks for.

    A range with one end gives that end, one without ends gives zero.

    Raises:
        Unanswerable: the schema describes something else.
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
