"""Names of observations and actions, with defaults where a role gives none, and their shortest listing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from econsim.game import Box, Discrete, MultiDiscrete, Role

__all__ = ["Row", "entry_names", "feature_names", "feature_units", "listed", "option_names", "rows"]

_NUMBERED = re.compile(r"(.*[^\d.])(0|[1-9]\d*)")  # plain numbers are listed: "0 to 3" might be a range of reals
_FEWEST = 3  # numbered names in a row that are written as a range


class Row(NamedTuple):
    """Entries that stand side by side and differ by a number alone: ``rate_1 to rate_7``; or a single one."""

    name: str
    unit: str
    first: int
    size: int

    def __str__(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name


def feature_names(role: Role) -> tuple[str, ...]:
    """Return the names of the features ``[F]``; ``feature_1``, ... where the role gives none."""
    return role.features or _numbered("feature", role.observation.size)


def feature_units(role: Role) -> tuple[str, ...]:
    """Return the units of the features ``[F]``, "" for plain numbers."""
    return role.feature_units or ("",) * len(feature_names(role))


def entry_names(role: Role) -> tuple[str, ...]:
    """Return the names of the choices of a multi-discrete action, or of the numbers of a box, in order."""
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
    """Return names with their units in order; three and more that are numbered in a row become one."""
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
    """Return names as one list, those that are numbered in a row as a range."""
    return ", ".join(row.name for row in rows(names))


def _follows(before: str, name: str) -> bool:
    """Return whether two names are the same but for a number that is one more."""
    one, other = _NUMBERED.fullmatch(before), _NUMBERED.fullmatch(name)
    return bool(one and other and one[1] == other[1] and int(one[2]) + 1 == int(other[2]))


def _numbered(word: str, count: int) -> tuple[str, ...]:
    return tuple(f"{word}_{number}" for number in range(1, count + 1))
