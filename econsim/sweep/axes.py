"""Axes of a sweep: keys of a scenario and the values that they take.

An axis is written on the command line, in a file or in Python as ``key=...``, followed by one of

    a,b,c             a list of values (each in YAML; commas in brackets or quotes do not separate values)
    0:10              whole numbers from 0 to 9, as in Python's range
    0:1:0.1           from 0 in steps of 0.1, without the end
    lin(0,1,11)       11 equally spaced values, including both ends
    log(1e-4,1e-1,5)  5 values, equally spaced in the logarithm, including both ends
    uniform(0,1)      a range from which ``sample`` draws; also log(1e-4,1) and whole(1,100)
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from econsim.errors import UserError, did_you_mean
from econsim.scenario.aliases import canonical_key
from econsim.scenario.overrides import plain_data
from econsim.scenario.yaml_reader import parse

__all__ = ["Axis", "Span", "read_axes", "zipped"]

MOST_LEVELS = 1_000_000
_NUMBER = r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
_RANGE = re.compile(rf"{_NUMBER}:{_NUMBER}(?::{_NUMBER})?")
_CALL = re.compile(rf"([a-z]+)\({_NUMBER},{_NUMBER}(?:,\s*(\d+)\s*)?\)")
_CALLS = ("lin", "log", "uniform", "whole")
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True)
class Axis:
    """Keys that change together, and their levels: one value per key."""

    keys: tuple[str, ...]
    levels: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Span:
    """A key and the range from which its values are drawn; ``scale`` is ``uniform``, ``log`` or ``whole``."""

    key: str
    low: float
    high: float
    scale: str

    def at(self, share: float) -> float | int:
        """Return the value at a share in [0, 1) of the range."""
        if self.scale == "log":
            return _tidy(self.low * (self.high / self.low) ** share)
        if self.scale == "whole":
            return int(self.low) + min(int(share * (self.high - self.low + 1)), int(self.high - self.low))
        return _tidy(self.low + (self.high - self.low) * share)


def read_axes(given: Mapping[str, Any] | Sequence[str]) -> list[Axis | Span]:
    """Parse the axes and return them in the order given.

    Args:
        given: texts ``key=values``, or a mapping from keys to values: a text, a single value, or values in a list, a
            range or an array.

    Raises:
        UserError: a key or its values are missing, a number is invalid, or a key or a value is given twice.
    """
    pairs = given.items() if isinstance(given, Mapping) else [_pair(text) for text in given]
    axes = [_axis(str(key).strip(), values) for key, values in pairs]
    seen: set[str] = set()
    for key in (key for axis in axes for key in _keys(axis)):
        if canonical_key(key) in seen:
            raise UserError(f"{key}: this axis is given twice")
        seen.add(canonical_key(key))
    return axes


def zipped(axes: Sequence[Axis | Span], groups: Sequence[Sequence[str]]) -> list[Axis | Span]:
    """Merge each group of keys into one axis, whose keys change together, and return all axes.

    Raises:
        UserError: a key is not an axis, is a range or is in two groups, or the axes of a group differ in length.
    """
    merged = list(axes)
    for group in groups:
        members = [_member(merged, key) for key in group]
        lengths = {",".join(axis.keys): len(axis.levels) for axis in members}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{key} has {length}" for key, length in lengths.items())
            raise UserError(f"--zip {','.join(group)}: the axes must have the same number of values; {listed}")
        levels = tuple(tuple(axis.levels[index][0] for axis in members) for index in range(len(members[0].levels)))
        position = min(merged.index(axis) for axis in members)
        merged = [axis for axis in merged if axis not in members]
        merged.insert(position, Axis(tuple(axis.keys[0] for axis in members), levels))
    return merged


def _member(axes: Sequence[Axis | Span], key: str) -> Axis:
    for axis in axes:
        if canonical_key(key) in map(canonical_key, _keys(axis)):
            if isinstance(axis, Span) or len(axis.keys) > 1:
                raise UserError(f"--zip {key}: expected an axis with a list of values that is in no other --zip group")
            return axis
    raise UserError(f"--zip {key}: no such axis{did_you_mean(key, [name for axis in axes for name in _keys(axis)])}")


def _keys(axis: Axis | Span) -> tuple[str, ...]:
    return (axis.key,) if isinstance(axis, Span) else axis.keys


def _pair(text: str) -> tuple[str, str]:
    key, equals, values = text.partition("=")
    if not equals or not key.strip():
        raise UserError(f"{text}: expected key=values, for example seed=0:10 or planner=free_market,saez")
    return key, values


def _axis(key: str, values: Any) -> Axis | Span:
    if isinstance(values, str):
        levels = _span(key, values) or _Values(key).read(values)
    else:
        values = plain_data(key, values)
        levels = values if isinstance(values, list) else [values]
    if isinstance(levels, Span):
        return levels
    if not levels:
        raise UserError(f"{key}: expected at least one value")
    if duplicates := [value for value, count in Counter(map(repr, levels)).items() if count > 1]:
        raise UserError(f"{key}: the value {duplicates[0]} is given twice")
    return Axis((key,), tuple((value,) for value in levels))


def _span(key: str, text: str) -> Span | None:
    call = _CALL.fullmatch(text.strip())
    if call is None or call[4] is not None or call[1] not in ("uniform", "log", "whole"):
        return None
    low, high = _float(call[2]), _float(call[3])
    if not low < high or (call[1] == "log" and low <= 0):
        raise UserError(f"{key}={text}: expected a lower and a higher bound{', above 0' * (call[1] == 'log')}")
    if call[1] == "whole" and not (low.is_integer() and high.is_integer()):
        raise UserError(f"{key}={text}: expected whole numbers")
    return Span(key, low, high, call[1])


class _Values:
    """Parser of the values of one key."""

    def __init__(self, key: str) -> None:
        self.key = key

    def read(self, text: str) -> list[Any]:
        """Return the values that a text stands for."""
        if (range_match := _RANGE.fullmatch(text)) is not None:
            return self._range(text, *range_match.groups())
        if (call := _CALL.fullmatch(text.strip())) is not None:
            return self._spaced(text, call[1], _float(call[2]), _float(call[3]), int(call[4] or 0))
        return [self._value(item) for item in _items(text)]

    def _value(self, text: str) -> Any:
        return parse(text.strip(), lambda line: self.key).plain()

    def _range(self, text: str, low: str, high: str, step: str | None) -> list[float | int]:
        first, end = Decimal(low.replace("_", "")), Decimal(high.replace("_", ""))
        whole = all(re.fullmatch(r"[-+]?[\d_]+", number) for number in (low, high, step or "1"))
        if step is None and not whole:
            raise UserError(
                f"{self.key}={text}: expected a step, as in {text}:0.1, or a count, as in lin({low},{high},11)"
            )
        stride = Decimal((step or "1").replace("_", ""))
        if stride == 0 or (end - first) / stride <= 0:
            raise UserError(f"{self.key}={text}: there are no values from {low} to {high} in steps of {step or 1}")
        count = math.ceil((end - first) / stride)
        self._bounded(text, count)
        values = [first + index * stride for index in range(count)]
        return [int(value) for value in values] if whole else [float(value) for value in values]

    def _spaced(self, text: str, name: str, low: float, high: float, count: int) -> list[float]:
        if name not in ("lin", "log") or count < 2:
            raise UserError(
                f"{self.key}={text}: expected lin(low,high,count) or log(low,high,count) with a count of at least 2"
                f"{did_you_mean(name, _CALLS) if name not in _CALLS else ''}"
            )
        if name == "log" and (low <= 0 or high <= 0):
            raise UserError(f"{self.key}={text}: expected bounds above 0 on a logarithmic scale")
        self._bounded(text, count)
        shares = [index / (count - 1) for index in range(count)]
        inner = [low * (high / low) ** share if name == "log" else low + (high - low) * share for share in shares]
        return [low, *map(_tidy, inner[1:-1]), high]

    def _bounded(self, text: str, count: int) -> None:
        if count > MOST_LEVELS:
            raise UserError(f"{self.key}={text}: expected at most {MOST_LEVELS:,} values, found {count:,}")


def _items(text: str) -> Iterator[str]:
    """Yield the items of a list that is separated by commas outside brackets and quotes."""
    depth, quote, begin = 0, "", 0
    for index, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and not text[:index][-1:].isalnum():  # the apostrophe of joe's begins no quote
            quote = letter
        elif letter in _OPENING or letter in _CLOSING:
            depth += 1 if letter in _OPENING else -1
        elif letter == "," and depth == 0:
            yield text[begin:index]
            begin = index + 1
    yield text[begin:]


def _float(text: str) -> float:
    return float(text.replace("_", ""))


def _tidy(value: float) -> float:
    # Round to twelve digits, so that a table of runs shows 0.3 and not 0.30000000000000004.
    return float(f"{value:.12g}")
