"""Forms of replies: the JSON that a model is asked for, and its conversion to a typed value.

A reply is a JSON object with one key; other keys (such as reasoning) are ignored. A value that required a repair, such
as removing a code fence or rounding to the grid, counts as *repaired*; one that cannot be parsed without guessing has
*failed*: a number out of range, a value at which the reply was cut off, two values that contradict each other.

| form | value |
|---|---|
| :class:`Amount` | ``float`` on the grid |
| :class:`Amounts` | ``tuple[float, ...]`` on the grid |
| :class:`OneOf` | the chosen option, with the spelling in ``options`` |
| :class:`Choice` | the chosen label, one of the labels that are currently available |
| :class:`Choices` | one label for each of several choices, ``tuple[str, ...]`` |
| :class:`Ranking` | all options, best first, ``tuple[str, ...]`` |
| :class:`Words` | ``str`` |
| :class:`Outgoing` | receivers and text of a message, ``(tuple[str, ...], str)`` |
| :class:`Vector` | ``tuple[float, ...]``, of an embedding model |
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from econsim.llm._numbers import grid, number, on_grid
from econsim.llm._options import option
from econsim.llm.json_extraction import EMPTY, LONGEST, Found, NotRead, find, unwrapped

__all__ = [
    "EMPTY", "EVERYBODY", "Amount", "Amounts", "Choice", "Choices", "Form", "OneOf", "Outgoing", "Ranking", "Reading",
    "Vector", "Words",
]  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """A parsed reply: the value (``None`` if it failed), the outcome, and the reason for a repair or failure."""

    value: Any
    outcome: Literal["clean", "repaired", "failed"]
    reason: str = ""


class Form(Protocol):
    """The form of the expected reply; hashable, so that identical questions can be recognised."""

    @property
    def key(self) -> str:
        """The key in the JSON object of the reply."""

    def __hash__(self) -> int: ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the reply."""

    def read(self, reply: str, truncated: bool = False) -> Reading:
        """Parse a reply; ``truncated``: it was cut at its maximum length, so its end may be incomplete."""


class _Keyed:
    """Parses the value under one key; subclasses define the type of the value."""

    key: str
    thought: bool
    bare: ClassVar[bool] = False
    """Whether a reply without any JSON is read as the value itself."""
    is_object: ClassVar[bool] = False
    """Whether the value is an object with keys of its own."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the reply; with ``thought``, a line of reasoning precedes the value."""
        reasoning: dict[str, Any] = {"thought": {"type": "string"}} if self.thought else {}
        properties = reasoning | {self.key: self._value_schema()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def read(self, reply: str, truncated: bool = False) -> Reading:
        """Parse a reply; ``truncated``: it was cut at its maximum length, so its end may be incomplete."""
        try:
            value, *notes = self._read(reply, truncated)
        except NotRead as error:
            return Reading(None, "failed", str(error))
        reason = "; ".join(note for note in notes if note)
        return Reading(value, "repaired" if reason else "clean", reason)

    def _read(self, reply: str, truncated: bool) -> tuple[Any, ...]:
        """Return the value, followed by notes on repairs."""
        extracted = find(reply, self.key, truncated)
        if extracted is None and self.bare and "{" not in reply:
            extracted = Found(reply[:LONGEST].strip(), "words without JSON")
        if extracted is None or extracted.value is None:
            raise NotRead(f"no JSON object with the key {self.key!r}")
        inner = Found(extracted.value) if self.is_object else unwrapped(extracted.value)
        value, *notes = self._typed(inner.value)
        return value, extracted.note, inner.note, *notes

    def _value_schema(self) -> dict[str, Any]:
        raise NotImplementedError

    def _typed(self, value: Any) -> tuple[Any, ...]:
        raise NotImplementedError


@dataclass(frozen=True)
class Amount(_Keyed):
    """One number from ``low`` to ``high``, on the grid ``low + k * step`` if ``step`` is given."""

    key: str
    low: float
    high: float
    step: float | None = None
    thought: bool = False

    def _value_schema(self) -> dict[str, Any]:
        return _number_schema(self.low, self.high, self.step)

    def _typed(self, value: Any) -> tuple[Any, ...]:
        note = ""
        if isinstance(value, list) and len(value) == 1:
            value, note = value[0], "a list of one number"
        (amount,), *notes = _numbers([value], self.low, self.high, self.step)
        return amount, note, *notes


@dataclass(frozen=True)
class Amounts(_Keyed):
    """``count`` numbers, each from ``low`` to ``high`` and on the grid if ``step`` is given.

    If they are ``shares``, or ``low`` and ``high`` lie between 0 and 1, percentages are converted. A mapping is read by
    its keys: the ``names`` of the numbers, or else one whole number in each key (``"bracket 2"``), in order.
    """

    key: str
    count: int
    low: float
    high: float
    step: float | None = None
    thought: bool = False
    names: tuple[str, ...] = ()
    shares: bool = False

    def _value_schema(self) -> dict[str, Any]:
        items = _number_schema(self.low, self.high, self.step)
        return {"type": "array", "items": items, "minItems": self.count, "maxItems": self.count}

    def _typed(self, value: Any) -> tuple[Any, ...]:
        note = ""
        if isinstance(value, dict):
            value, note = self._in_order(value), "a mapping instead of a list"
        if isinstance(value, str):
            value, note = re.split(r"[;,]\s*(?!\d{3}\b)", value.strip("[]() ")), "a list in a string"
        if not isinstance(value, list):
            raise NotRead(f"{self.key!r} must be a list of {self.count} numbers")
        if len(value) != self.count:
            raise NotRead(f"{self.key!r} must hold {self.count} numbers, found {len(value)}")
        amounts, *notes = _numbers(value, self.low, self.high, self.step, self.shares)
        return amounts, note, *notes

    def _in_order(self, mapping: dict[str, Any]) -> list[Any]:
        """Return the entries of a mapping in the order that its keys state."""
        by_name = {name.strip().casefold(): entry for name, entry in mapping.items()}
        if self.names and by_name.keys() >= {name.casefold() for name in self.names}:
            return [by_name[name.casefold()] for name in self.names]
        numbers = [re.findall(r"\d+", name.replace(",", "")) for name in mapping]
        ranks = [int(digits[0]) for digits in numbers if len(digits) == 1]
        if len(set(ranks)) < len(mapping):
            raise NotRead(f"{self.key!r} must be a list of {self.count} numbers, or an object with numbered keys")
        return [entry for _, entry in sorted(zip(ranks, mapping.values(), strict=True), key=lambda pair: pair[0])]


@dataclass(frozen=True)
class OneOf(_Keyed):
    """A choice among names; a number that is not itself an option is read as an index into ``options``, from 0."""

    key: str
    options: tuple[str, ...]
    thought: bool = False
    bare: ClassVar[bool] = True

    def _value_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.options)}

    def _typed(self, value: Any) -> tuple[Any, ...]:
        return option(value, self.options)


@dataclass(frozen=True)
class Choice(_Keyed):
    """A choice among labels; those in ``closed`` are currently not available. Numbers are not read as indices."""

    key: str
    options: tuple[str, ...]
    closed: tuple[str, ...] = ()
    thought: bool = False
    bare: ClassVar[bool] = True

    def value_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the value alone."""
        return {"type": "string", "enum": list(self.options)}

    def chosen(self, value: Any) -> tuple[str, str]:
        """Return the label that a value names, and a note on its repair; raises ``NotRead`` if it names none."""
        label, note = option(value, (*self.options, *self.closed), places=False)
        if label in self.closed:
            raise NotRead(f"{self.key!r} must now be one of {', '.join(self.options)}, found {label!r}")
        return label, note

    def _value_schema(self) -> dict[str, Any]:
        return self.value_schema()

    def _typed(self, value: Any) -> tuple[Any, ...]:
        return self.chosen(value)


@dataclass(frozen=True)
class Choices(_Keyed):
    """Several simultaneous choices: an object with one entry per choice, under its key."""

    key: str
    choices: tuple[Choice, ...]
    thought: bool = False
    is_object: ClassVar[bool] = True

    def _value_schema(self) -> dict[str, Any]:
        properties = {choice.key: choice.value_schema() for choice in self.choices}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def _typed(self, value: Any) -> tuple[Any, ...]:
        names, note = [choice.key for choice in self.choices], ""
        if isinstance(value, list) and len(value) == len(names):
            value, note = dict(zip(names, value, strict=True)), "a list instead of an object"
        if not isinstance(value, dict):
            raise NotRead(f"{self.key!r} must be an object with the keys {', '.join(names)}")
        missing = [name for name in names if name not in value]
        if missing:
            raise NotRead(f"{self.key!r} must have an entry for each of {', '.join(names)}; {missing[0]!r} is missing")
        labels = [choice.chosen(value[choice.key]) for choice in self.choices]
        return tuple(label for label, _ in labels), note, *(note for _, note in labels)


@dataclass(frozen=True)
class Ranking(_Keyed):
    """A ranking of all options, best first; if a single option is missing, it is ranked last."""

    key: str
    options: tuple[str, ...]
    thought: bool = False

    def _value_schema(self) -> dict[str, Any]:
        items = {"type": "string", "enum": list(self.options)}
        return {"type": "array", "items": items, "minItems": len(self.options), "maxItems": len(self.options)}

    def _typed(self, value: Any) -> tuple[Any, ...]:
        note = ""
        if isinstance(value, str):
            value, note = [part.strip() for part in re.split(r"[>,;]", value)], "a list in a string"
        if not isinstance(value, list):
            raise NotRead(f"{self.key!r} must be a list that orders {', '.join(self.options)}")
        entries = [option(entry, self.options) for entry in value]
        ranked = tuple(dict.fromkeys(name for name, _ in entries))
        notes = [note, *(note for _, note in entries), "an option appears twice" * (len(ranked) < len(entries))]
        missing = tuple(option for option in self.options if option not in ranked)
        if len(missing) > 1:
            raise NotRead(f"{self.key!r} must order all options; {', '.join(missing)} are missing")
        return ranked + missing, *notes, "an option is missing" if missing else ""


@dataclass(frozen=True)
class Words(_Keyed):
    """A text of at most ``longest`` characters; a longer text is truncated."""

    key: str
    longest: int
    thought: bool = False
    bare: ClassVar[bool] = True

    def _value_schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest}

    def _typed(self, value: Any) -> tuple[Any, ...]:
        text = value.strip() if isinstance(value, str) else ""
        if not text:
            raise NotRead(f"{self.key!r} must be a text")
        return text[: self.longest].rstrip(), f"longer than {self.longest} characters" * (len(text) > self.longest)


EVERYBODY = "all"
"""The receiver of a message to all who may receive it."""


@dataclass(frozen=True)
class Outgoing(_Keyed):
    """A message to some of the ``receivers``, of at most ``longest`` characters in one line; an empty one is not sent.

    Names of others are kept in the value, since it is for permissions to deny them.
    """

    key: str
    receivers: tuple[str, ...]
    longest: int
    thought: bool = False
    is_object: ClassVar[bool] = True

    def _value_schema(self) -> dict[str, Any]:
        names = {"type": "string", "enum": [EVERYBODY, *self.receivers]}
        properties = {"to": {"type": "array", "items": names}, "text": {"type": "string", "maxLength": self.longest}}
        return {"type": "object", "properties": properties, "required": ["to", "text"], "additionalProperties": False}

    def _typed(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            raise NotRead(f"{self.key!r} must be an object with the keys 'to' and 'text'")
        to, text = value.get("to"), " ".join(value["text"].split())
        note = "a name instead of a list" * isinstance(to, str)
        names = [to] if isinstance(to, str) else to
        if text and not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
            raise NotRead("'to' must be a list of names")
        is_long = len(text) > self.longest
        receivers = tuple(name.strip() for name in names) if text and isinstance(names, list) else ()
        return (receivers, text[: self.longest].rstrip()), note, f"longer than {self.longest} characters" * is_long


@dataclass(frozen=True)
class Vector:
    """The vector of an embedding model, which :mod:`econsim.llm.chat_completions` reads from the response."""

    key: str = "embedding"

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the reply."""
        return {"type": "object", "properties": {self.key: {"type": "array", "items": {"type": "number"}}}}

    def read(self, reply: str, truncated: bool = False) -> Reading:
        """Parse a reply: a JSON list of numbers."""
        try:
            vector = tuple(map(float, json.loads(reply)))
        except (TypeError, ValueError):
            return Reading(None, "failed", "not a list of numbers")
        return Reading(vector, "clean")


def _number_schema(low: float, high: float, step: float | None) -> dict[str, Any]:
    """Return the schema of a number; one on a grid is an enumeration, since most servers ignore bounds of numbers."""
    points = None if step is None else grid(low, high, step)
    if points is not None:
        return {"type": "integer" if all(isinstance(point, int) for point in points) else "number", "enum": points}
    is_whole = step is not None and float(step).is_integer() and float(low).is_integer()
    bounds = {"minimum": low, "maximum": high}
    finite = {name: int(bound) if is_whole else bound for name, bound in bounds.items() if math.isfinite(bound)}
    return {"type": "integer" if is_whole else "number"} | finite


def _numbers(
    values: Sequence[Any], low: float, high: float, step: float | None, shares: bool = False
) -> tuple[Any, ...]:
    """Return the numbers as a tuple, followed by notes on repairs."""
    parsed = [number(value) for value in values]
    numbers, notes = [entry.value for entry in parsed], [entry.note for entry in parsed]
    per_cent, are_shares = [entry.per_cent for entry in parsed], shares or (low >= 0.0 and high <= 1.0)
    if are_shares and any(per_cent) and not all(entry.per_cent or entry.value == 0.0 for entry in parsed):
        raise NotRead("some numbers are per cent and others are not")
    if are_shares and not any(per_cent) and any(1.0 < abs(value) <= 100.0 for value in numbers):
        if any(0.0 < abs(value) < 1.0 for value in numbers):
            raise NotRead("numbers above 1 beside numbers below 1: shares and per cent are mixed")
        per_cent, notes = [True], [*notes, "per cent instead of shares"]
    scale = 0.01 if are_shares and any(per_cent) else 1.0
    rounded = [on_grid(value * scale, low, high, step) for value in numbers]
    return tuple(value for value, _ in rounded), *dict.fromkeys([*notes, *(note for _, note in rounded)])
