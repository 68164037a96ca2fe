"""Names of observations and actions, with defaults where a role has none, and compact lists of names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from econsim.game import Box, Discrete, MultiDiscrete, Role

__all__ = ["Row", "entry_names", "feature_names", "feature_units", "listed", "option_names", "rows"]

_NUMBERED = re.compile(r"(.*[^\d.])(0|[1-9]\d*)")  # bare numbers are excluded: "0 to 3" could be read as an interval
_FEWEST = 3  # minimum number of consecutively numbered names that are written as a range


class Row(NamedTuple):
    """Adjacent entries whose names differ only in a number, such as ``rate_1 to rate_7``, or a single entry."""

    name: str
    unit: str
    first: int
    size: int

    def __str__(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name


def feature_names(role: Role) -> tuple[str, ...]:
    """Return the names of the features ``[F]``; by default ``feature_1``, ..."""
    return role.features or _numbered("feature", role.observation.size)


def feature_units(role: Role) -> tuple[str, ...]:
    """Return the units of the features ``[F]``, "" for features without a unit."""
    return role.feature_units or ("",) * len(feature_names(role))


def entry_names(role: Role) -> tuple[str, ...]:
    """Return the names of the choices of a multi-discrete action, or of the entries of a box, in order."""
    match role.action:
        case Discrete():
            return ()
        case MultiDiscrete(counts=counts):
            return role.action_labels or _numbered("choice", len(counts))
        case Box(size=size):
            return role.action_labels or _numbered("number", size)


def option_names(role: Role) -> tuple[tuple[str, ...], ...]:
    """Return the names of the options of each choice, one choice for a discrete action; numbers from 0 by default."""
    match role.action:
        case Discrete(count=count):
            return (role.action_labels or tuple(map(str, range(count))),)
        case MultiDiscrete(counts=counts):
            return role.option_labels or tuple(tuple(map(str, range(count))) for count in counts)
        case Box():
            return ()


def rows(names: Sequence[str], units: Sequence[str] = ()) -> list[Row]:
    """Return names with their units in order; merge three or more consecutively numbered names into one row."""
    units = units or [""] * len(names)
    grouped, first = list[Row](), 0
    while first < len(names):
        end = first + 1
        while end < len(names) and units[end] == units[first] and _follows(names[end - 1], names[end]):
            end += 1
        if end - first < _FEWEST:
            grouped += [Row(names[index], units[index], index, 1) for index in range(first, end)]
        else:
            grouped.append(Row(f"{names[first]} to {names[end - 1]}", units[first], first, end - first))
        first = end
    return grouped


def listed(names: Sequence[str]) -> str:
    """Return names as one comma-separated list, with consecutively numbered names as ranges."""
    return ", ".join(row.name for row in rows(names))


def _follows(before: str, name: str) -> bool:
    """Return whether ``name`` equals ``before`` except for a final number that is larger by one."""
    one, other = _NUMBERED.fullmatch(before), _NUMBERED.fullmatch(name)
    return bool(one and other and one[1] == other[1] and int(one[2]) + 1 == int(other[2]))


def _numbered(word: str, count: int) -> tuple[str, ...]:
    return tuple(f"{word}_{number}" for number in range(1, count + 1))
