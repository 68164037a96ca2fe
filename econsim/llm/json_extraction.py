"""Extraction of JSON from a model's reply: after its reasoning, in a code fence, within other text, or incomplete.

Text is parsed by the JSON parser only; nothing is ever evaluated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["LONGEST", "Found", "find"]

LONGEST = 200_000
"""Number of characters of a reply that are examined."""
_MOST_STARTS = 100
_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_END_OF_THOUGHT = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_FENCE = re.compile(r"```[\w-]*\s*\n?(.*?)(?:```|\Z)", re.DOTALL)
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_decoder = json.JSONDecoder()

Found = tuple[Any, str]
"""The extracted value, and a note on the repair that this required (empty: none)."""


def find(reply: str, key: str, truncated: bool = False) -> Found | None:
    """Return the value under ``key`` in the last JSON object that has this key, or else a reply that is a bare value.

    ``None`` if there is neither. In a ``truncated`` reply, only complete objects count.
    """
    whole = _parsed(reply)
    if isinstance(whole, dict) and key in whole:
        return whole[key], ""
    text = _without_reasoning(reply[:LONGEST])
    candidates = [_under(key, value) for value in (_objects(text) if truncated else _values(text))]
    named = [candidate for candidate in candidates if candidate is not None]
    if named:
        return named[-1]
    bare = None if truncated else _parsed(text)
    return (bare, f"no key {key!r}") if bare is not None and not isinstance(bare, (dict, bool)) else None


def _without_reasoning(reply: str) -> str:
    """Return the reply without the reasoning that precedes it."""
    text = _THOUGHT.sub("", reply)
    *_, text = _END_OF_THOUGHT.split(text)  # servers may omit the opening tag
    return text.strip()


def _values(text: str) -> Iterator[Any]:
    """Yield the JSON objects in a text, in order; repaired ones only if no object is valid as it is."""
    valid = [*_objects(text)]
    if valid:
        yield from valid
        return
    for fragment in [*_FENCE.findall(text), text]:
        repaired = _repaired(fragment)
        if isinstance(repaired, dict):
            yield repaired


def _objects(text: str) -> Iterator[Any]:
    start, tried = text.find("{"), 0
    while start >= 0 and tried < _MOST_STARTS:
        tried += 1
        try:
            value, end = _decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield value
        start = text.find("{", end)


def _repaired(text: str) -> Any:
    """Parse the object in a text after closing brackets, removing trailing commas and replacing single quotes."""
    start = text.find("{")
    if start < 0:
        return None
    body = text[start:].strip()
    for quoted in (body, body.replace("'", '"')):
        closed = _TRAILING_COMMA.sub(r"\1", _closed(quoted))
        value = _parsed(closed)
        if value is not None:
            return value
    return None


def _closed(text: str) -> str:
    """Return a text up to the end of its first object, with missing quotes and brackets added."""
    missing, quoted, skip = [], False, False
    for position, character in enumerate(text):
        if skip or (quoted and character == "\\"):
            skip = not skip
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in "{[":
            missing.append("}" if character == "{" else "]")
        elif not quoted and character in "}]" and missing:
            missing.pop()
            if not missing:
                return text[: position + 1]
    return text.rstrip().rstrip(",") + '"' * quoted + "".join(reversed(missing))


def _under(key: str, value: Any) -> Found | None:
    """Return the value under ``key``, ignoring case."""
    if not isinstance(value, dict):
        return None
    if key in value:
        return value[key], "text around the JSON"
    by_lower = {name.lower(): entry for name, entry in value.items()}
    return (by_lower[key.lower()], "key in another case") if key.lower() in by_lower else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
