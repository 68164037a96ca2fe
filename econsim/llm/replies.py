"""Forms of replies: which JSON a model is asked for, and how what it wrote becomes a typed value.

A reply is a JSON object with one key; others (thoughts) are ignored. A value that needed help, from a fence around the
JSON to a number beside the grid, counts as *repaired*; one that cannot be read without guessing has *failed*.

| form | value |
|---|---|
| :class:`Amount` | ``float`` on the grid |
| :class:`Amounts` | ``tuple[float, ...]`` on the grid |
| :class:`OneOf` | the chosen option, as it is spelled in ``options`` |
| :class:`Choice` | the chosen label, one of those that may be chosen now |
| :class:`Choices` | one label for each of several choices, ``tuple[str, ...]`` |
| :class:`Ranking` | all options, the best first, ``tuple[str, ...]`` |
| :class:`Words` | ``str`` |
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from econsim.llm._numbers import NotRead, number, on_grid
from econsim.llm._options import option
from econsim.llm.json_extraction import LONGEST, find

__all__ = ["EMPTY", "Amount", "Amounts", "Choice", "Choices", "Form", "OneOf", "Ranking", "Reading", "Words"]


EMPTY = "the reply is empty"
"""The reason why a reply without any text failed."""


@dataclass(frozen=True)
class Reading:
    """What a form made of a reply: the value (``None`` where it failed), and why it had to be repaired or failed."""

    value: Any
    outcome: Literal["clean", "repaired", "failed"]
    reason: str = ""


class Form(Protocol):
    """The kind of reply that is wanted; hashable, so that equal questions are known."""

    @property
    def key(self) -> str:
        """The key of the reply's JSON object."""

    def __hash__(self) -> int: ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the reply."""

    def read(self, reply: str) -> Reading:
        """Return what a reply says."""


class _Keyed:
    """Reads the value under one key; a form says what the value must be."""

    key: str
    thought: bool
    bare: ClassVar[bool] = False
    """Whether a reply without any JSON is the value itself."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the reply; with ``thought``, words come before the value."""
        words: dict[str, Any] = {"thought": {"type": "string"}} if self.thought else {}
        properties = words | {self.key: self._value_schema()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def read(self, reply: str) -> Reading:
        """Return what a reply says."""
        try:
            value, *notes = self._read(reply)
        except NotRead as error:
            return Reading(None, "failed", str(error))
        reason = "; ".join(note for note in notes if note)
        return Reading(value, "repaired" if reason else "clean", reason)

    def _read(self, reply: str) -> tuple[Any, ...]:
        """Return the value and what had to be done for it."""
        found = find(reply, self.key)
        if found is None and self.bare and "{" not in reply and reply.strip():
            found = reply[:LONGEST].strip(), "words without JSON"
        if found is None or found[0] is None:
            raise NotRead(f"no JSON object with the key {self.key!r}" if reply.strip() else EMPTY)
        value, *notes = self._typed(found[0])
        return value, found[1], *notes

    def _value_schema(self) -> dict[str, Any]:
        raise NotImplementedError

    def _typed(self, value: Any) -> tuple[Any, ...]:
        raise NotImplementedError


@dataclass(frozen=True)
class Amount(_Keyed):
    """One number from ``low`` to ``high``, on the grid ``low + k * step`` where there is one."""

    key: str
    low: float
    high: float
    step: float | None = None
    thought: bool = False

    def _value_schema(self) -> dict[str, Any]:
        return _number_schema(self.low, self.high)

    def _typed(self, value: Any) -> tuple[Any, ...]:
        note = ""
        if isinstance(value, list) and len(value) == 1:
            value, note = value[0], "a list of one number"
        (found,), *notes = _numbers([value], self.low, self.high, self.step)
        return found, note, *notes


@dataclass(frozen=True)
class Amounts(_Keyed):
    """``count`` numbers, each from ``low`` to ``high`` and on the grid where there is one.

    Where they lie between 0 and 1 the numbers are shares: per cent are understood.
    """

    key: str
    count: int
    low: float
    high: float
    step: float | None = None
    thought: bool = False

    def _value_schema(self) -> dict[str, Any]:
        items = _number_schema(self.low, self.high)
        return {"type": "array", "items": items, "minItems": self.count, "maxItems": self.count}

    def _typed(self, value: Any) -> tuple[Any, ...]:
        note = ""
        if isinstance(value, dict):
            value, note = list(value.values()), "a mapping instead of a list"
        if isinstance(value, str):
            value, note = re.split(r"[;,]\s*(?!\d{3}\b)", value.strip("[]() ")), "a list in a string"
        if not isinstance(value, list):
            raise NotRead(f"{self.key!r} must be a list of {self.count} numbers")
        if len(value) != self.count:
            raise NotRead(f"{self.key!r} must hold {self.count} numbers, found {len(value)}")
        found, *notes = _numbers(value, self.low, self.high, self.step)
        return found, note, *notes


@dataclass(frozen=True)
class OneOf(_Keyed):
    """A choice among names; a number is the place in ``options``, counted from 0, where no option is that number."""

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
    """A choice among labels; those in ``closed`` exist, but may not be chosen now. A number is no place in a list."""

    key: str
    options: tuple[str, ...]
    closed: tuple[str, ...] = ()
    thought: bool = False
    bare: ClassVar[bool] = True

    def value_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the value alone."""
        return {"type": "string", "enum": list(self.options)}

    def chosen(self, value: Any) -> tuple[str, str]:
        """Return the label that a value names, and what had to be done for it; raises ``NotRead``."""
        label, note = option(value, (*self.options, *self.closed), places=False)
        if label in self.closed:
            raise NotRead(f"{label!r} cannot be chosen now; {self.key!r} must be one of {', '.join(self.options)}")
        return label, note

    def _value_schema(self) -> dict[str, Any]:
        return self.value_schema()

    def _typed(self, value: Any) -> tuple[Any, ...]:
        return self.chosen(value)


@dataclass(frozen=True)
class Choices(_Keyed):
    """Several choices at once, an object with one entry for the key of each."""

    key: str
    choices: tuple[Choice, ...]
    thought: bool = False

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
        read = [choice.chosen(value[choice.key]) for choice in self.choices]
        return tuple(label for label, _ in read), note, *(note for _, note in read)


@dataclass(frozen=True)
class Ranking(_Keyed):
    """An order of all options, the best first; a single one that is missing comes last."""

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
        chosen = [option(entry, self.options) for entry in value]
        ranked = tuple(dict.fromkeys(name for name, _ in chosen))
        notes = [note, *(note for _, note in chosen), "an option stands twice" * (len(ranked) < len(chosen))]
        missing = tuple(option for option in self.options if option not in ranked)
        if len(missing) > 1:
            raise NotRead(f"{self.key!r} must order all options; {', '.join(missing)} are missing")
        return ranked + missing, *notes, f"{missing[0]} is missing" if missing else ""


@dataclass(frozen=True)
class Words(_Keyed):
    """A text of at most ``longest`` characters; a longer one is cut."""

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
        return text[: self.longest].rstrip(), f"cut from {len(text)} characters" * (len(text) > self.longest)


def _number_schema(low: float, high: float) -> dict[str, Any]:
    bounds = {"minimum": low, "maximum": high}
    return {"type": "number"} | {name: bound for name, bound in bounds.items() if math.isfinite(bound)}


def _numbers(values: Sequence[Any], low: float, high: float, step: float | None) -> tuple[Any, ...]:
    """Return the numbers as a tuple, and what had to be done for them."""
    read = [number(value) for value in values]
    numbers, notes = [it.value for it in read], [it.note for it in read]
    per_cent, are_shares = [it.per_cent for it in read], low >= 0.0 and high <= 1.0
    if are_shares and any(per_cent) and not all(p or it.value == 0.0 for p, it in zip(per_cent, read, strict=True)):
        raise NotRead("some numbers are per cent and others are not")
    if are_shares and not any(per_cent) and any(1.0 < abs(value) <= 100.0 for value in numbers):
        if any(0.0 < abs(value) < 1.0 for value in numbers):
            raise NotRead("numbers above 1 beside numbers below 1: shares and per cent are mixed")
        per_cent, notes = [True], [*notes, "per cent instead of shares"]
    scale = 0.01 if are_shares and any(per_cent) else 1.0
    placed = [on_grid(value * scale, low, high, step) for value in numbers]
    return tuple(value for value, _ in placed), *dict.fromkeys([*notes, *(note for _, note in placed)])
