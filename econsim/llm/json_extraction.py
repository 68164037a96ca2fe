"""Extraction of JSON from a reply: after its reasoning, in a code fence, within other text, wrapped, or cut off.

Text is parsed by the JSON parser only; nothing is ever evaluated. A reply that was cut off is read up to its last
complete value: where a number, a text or a list may have continued, there is no value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from econsim.llm.characters import whole_escapes

__all__ = ["CUT_OFF", "EMPTY", "LONGEST", "ONLY_REASONING", "Found", "NotRead", "find", "unwrapped"]

LONGEST = 200_000
"""Number of characters of a reply that are examined."""
EMPTY = "the reply is empty"
"""The reason given for the failure of a reply without text."""
ONLY_REASONING = "the reply holds only reasoning, and no answer after it"
CUT_OFF = "the reply was cut off before its answer was complete"
_MOST_STARTS = 100
_MOST_REPAIRS = 5
_DEEPEST = 20
_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_END_OF_THOUGHT = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|["{}\[\]]', re.DOTALL)
_SCALAR = re.compile(r'[^\s,:{}\[\]"]*')
_CUT = "\0cut"  # stands in a completed object where the reply ended
_WRAPPERS = {"answer", "arguments", "data", "function", "json", "output", "parameters", "reply", "response", "result",
             "value"}  # fmt: skip


class NotRead(ValueError):  # noqa: N818 (named after the event)
    """A reply that cannot be parsed without guessing. The message gives the reason and is sent back to the model.

    What differs from reply to reply stands at its end, after ", found ", so that equal reasons can be counted.
    """


class Found(NamedTuple):
    """The extracted value, and a note on the repair that this required (empty: none)."""

    value: Any
    note: str = ""


class _Several:
    """Stands for the value of a key that one object holds twice, with different values."""

    def __repr__(self) -> str:
        return "two different values"


def find(reply: str, key: str, truncated: bool = False) -> Found | None:
    """Return the value under ``key`` in the JSON object that has this key, or else a reply that is a bare value.

    Args:
        reply: the text of the reply.
        key: the key of the value; an object that only wraps the one with this key is unwrapped.
        truncated: the server cut the reply off, at its limit of tokens.

    Returns:
        ``None`` if the reply holds neither.

    Raises:
        NotRead: the reply ends within the value, objects contradict each other, or there is nothing but reasoning.
    """
    reply = whole_escapes(reply)
    whole = _parsed(reply)
    if isinstance(whole, dict) and key in whole:
        return Found(whole[key])
    text = _without_reasoning(reply[:LONGEST])
    if not text.strip():
        raise NotRead(ONLY_REASONING if reply.strip() else EMPTY)
    found, end = _named(text, key)
    if found is None:
        found = _bare(text, key)
    elif truncated and "{" in text[end:]:
        raise NotRead(CUT_OFF)  # the object after it may have corrected it
    if truncated and (found is None or (not end and _scalar_at_end(text))):
        raise NotRead(CUT_OFF)
    return found


def unwrapped(value: Any) -> Found:
    """Return the value in an object whose only key has a general name, such as ``{"value": 40}``."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        if name.lower() in _WRAPPERS:
            return Found(inner, "wrapped in another object")
    return Found(value)


def _named(text: str, key: str) -> tuple[Found | None, int]:
    """Return the value under ``key`` in the objects of a text, and the position where the last of them ends."""
    named, last = list[Found](), 0
    for value, note, end in _objects(text):
        found = _under(key, value)
        if found is None:
            continue
        if _is_cut(found.value):
            raise NotRead(CUT_OFF)
        if named and named[-1].value != found.value:
            raise NotRead(f"the reply contains several JSON objects with different values of {key!r}")
        named.append(Found(found.value, found.note or note))
        last = end
    return (named[-1] if named else None), last


def _bare(text: str, key: str) -> Found | None:
    value = _parsed(text)
    return Found(value, f"no key {key!r}") if value is not None and not isinstance(value, (dict, bool)) else None


def _without_reasoning(reply: str) -> str:
    """Return the reply without the reasoning that precedes it; space at its end shows that a number is complete."""
    text = _THOUGHT.sub("", reply)
    *_, text = _END_OF_THOUGHT.split(text)  # servers may omit the opening tag
    return text.lstrip()


def _objects(text: str) -> Iterator[tuple[Any, str, int]]:
    """Yield the JSON objects in a text, in order, with a note on the repair of each and the position of its end."""
    start, tried = text.find("{"), 0
    while start >= 0 and tried < _MOST_STARTS:
        tried += 1
        try:
            value, end = _decoder.raw_decode(text, start)
            note = "text around the JSON"
        except (ValueError, RecursionError):
            value, end = _repaired(text, start) if tried <= _MOST_REPAIRS else (None, start + 1)
            note = "JSON that had to be corrected"
        if value is not None:
            yield value, note, end
        start = text.find("{", end)


def _repaired(text: str, start: int) -> tuple[Any, int]:
    """Return the object at ``start`` after removing trailing commas, replacing single quotes and completing it.

    The value is ``None`` if this gives no object. The second value is the position at which to continue.
    """
    body = text[start:]
    for quoted in (body, body.replace("'", '"')):
        completed, end = _first_object(quoted)
        value = _parsed(_TRAILING_COMMA.sub(r"\1", completed))
        if isinstance(value, dict):
            return value, start + end
    return None, start + 1


def _first_object(text: str) -> tuple[str, int]:
    """Return a text up to the end of its first object, and its length; one that ends early is completed."""
    missing, kept = list[str](), None
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == '"':  # a text that does not end
            kept = match.start()
            break
        if token in "{[":
            missing.append("}" if token == "{" else "]")
        elif token in "}]":
            missing.pop()
            if not missing:
                return text[: match.end()], match.end()
    if len(missing) > _DEEPEST:
        return "", len(text)
    if kept is None:
        kept = len(text) - _scalar_at_end(text)
    return _completed(text[:kept], missing), len(text)


def _scalar_at_end(text: str) -> int:
    """Return the length of the number or word at the very end of a text, which may have continued."""
    return _SCALAR.match(text[::-1]).end()  # type: ignore[union-attr]


def _completed(text: str, missing: list[str]) -> str:
    """Return an incomplete object with the ``missing`` brackets, and a mark in each of them where it ended."""
    completed, mark = text.rstrip(), json.dumps(_CUT)
    for bracket in reversed(missing):
        comma = "" if completed[-1] in "{[,:" else ","
        member = mark if bracket == "]" or completed[-1] == ":" else f"{mark}: 0"
        completed += comma + member + bracket
    return completed


def _is_cut(value: Any) -> bool:
    """Return whether a value holds a mark, so that the reply ended within it."""
    if isinstance(value, dict):
        return any(map(_is_cut, (*value, *value.values())))
    return any(map(_is_cut, value)) if isinstance(value, list) else bool(value == _CUT)


def _under(key: str, value: Mapping[str, Any], depth: int = 3) -> Found | None:
    """Return the value under ``key``, ignoring case, also in an object within an object that only wraps it."""
    if key in value:
        return Found(value[key])
    by_lower = {name.lower(): entry for name, entry in value.items()}
    if key.lower() in by_lower:
        return Found(by_lower[key.lower()], "key in another case")
    members = {name: entry for name, entry in value.items() if name != _CUT}
    general = [entry for name, entry in members.items() if len(members) == 1 or name.lower() in _WRAPPERS]
    for inner in filter(None, map(_object, general)) if depth else ():
        if (found := _under(key, inner, depth - 1)) is not None:
            return Found(found.value, "wrapped in another object")
    named = [entry for name, entry in members.items() if name.lower() in _WRAPPERS]
    return Found(named[0], f"no key {key!r}") if len(named) == 1 and not isinstance(named[0], dict) else None


def _object(value: Any) -> dict[str, Any] | None:
    """Return a value that is an object, or a text that holds one, as arguments of tools are sent."""
    parsed = _parsed(value) if isinstance(value, str) else value
    return parsed if isinstance(parsed, dict) else None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        members |= {name: _Several() for name, value in pairs if members[name] != value}
    return members


_decoder = json.JSONDecoder(object_pairs_hook=_members)


def _parsed(text: str) -> Any:
    try:
        return _decoder.decode(text)
    except (ValueError, RecursionError):
        return None
