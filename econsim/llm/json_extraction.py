"""Finding the JSON in what a model wrote: behind its thoughts, in a fence, among words, or not quite closed.

Text becomes data by the JSON parser alone; nothing is ever evaluated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["LONGEST", "Found", "find"]

LONGEST = 200_000
"""Characters of a reply that are looked at."""
_MOST_STARTS = 100
_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_END_OF_THOUGHT = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_FENCE = re.compile(r"```[\w-]*\s*\n?(.*?)(?:```|\Z)", re.DOTALL)
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_decoder = json.JSONDecoder()

Found = tuple[Any, str]
"""The value that was found, and what had to be done for it (empty: nothing)."""


def find(reply: str, key: str) -> Found | None:
    """Return the value under ``key`` of the last JSON object that has it; else the whole reply where it is one value.

    ``None`` where there is neither.
    """
    whole = _parsed(reply)
    if isinstance(whole, dict) and key in whole:
        return whole[key], ""
    llm_usage = _spoken(reply[:LONGEST])
    candidates = [_under(key, value) for value in _values(llm_usage)]
    named = [found for found in candidates if found is not None]
    if named:
        return named[-1]
    bare = _parsed(llm_usage)
    return (bare, f"no key {key!r}") if bare is not None and not isinstance(bare, (dict, bool)) else None


def _spoken(reply: str) -> str:
    """Return the reply without its thoughts."""
    text = _THOUGHT.sub("", reply)
    *_, text = _END_OF_THOUGHT.split(text)  # servers may keep the opening mark to themselves
    return text.strip()


def _values(text: str) -> Iterator[Any]:
    """Yield the JSON objects of a text, in order; mended copies only where none is whole."""
    whole = [*_objects(text)]
    if whole:
        yield from whole
        return
    for part in [*_FENCE.findall(text), text]:
        mended = _mended(part)
        if isinstance(mended, dict):
            yield mended


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


def _mended(text: str) -> Any:
    """Return the object that a text holds once it is closed, without trailing commas, in double quotes."""
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
    """Return a text up to the end of its first object, with what is still open closed."""
    open_, quoted, skip = [], False, False
    for place, sign in enumerate(text):
        if skip or (quoted and sign == "\\"):
            skip = not skip
        elif sign == '"':
            quoted = not quoted
        elif not quoted and sign in "{[":
            open_.append("}" if sign == "{" else "]")
        elif not quoted and sign in "}]" and open_:
            open_.pop()
            if not open_:
                return text[: place + 1]
    return text.rstrip().rstrip(",") + '"' * quoted + "".join(reversed(open_))


def _under(key: str, value: Any) -> Found | None:
    """Return what stands under ``key``, also in other capitals."""
    if not isinstance(value, dict):
        return None
    if key in value:
        return value[key], "text around the JSON"
    by_lower = {name.lower(): entry for name, entry in value.items()}
    return (by_lower[key.lower()], "key in other capitals") if key.lower() in by_lower else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
