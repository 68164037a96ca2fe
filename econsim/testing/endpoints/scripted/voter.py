"""Scripted voter: it votes for the candidate that gives it the highest utility."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from econsim.testing.endpoints.responders import Unanswerable

__all__ = ["approval", "ranking"]


def ranking(facts: Mapping[str, Any]) -> list[str]:
    """Return the names of the ``candidates`` by descending ``utility``; ties keep the order of the list.

    Raises:
        Unanswerable: there are no candidates, or some lack a name or a utility.
    """
    candidates = _candidates(facts)
    return sorted(candidates, key=lambda name: -candidates[name])


def approval(facts: Mapping[str, Any]) -> list[int]:
    """Return 1 for each of the ``candidates`` whose ``utility`` is at least the mean, else 0.

    Raises:
        Unanswerable: there are no candidates, or some lack a name or a utility.
    """
    utilities = list(_candidates(facts).values())
    return [int(utility >= sum(utilities) / len(utilities)) for utility in utilities]


def _candidates(facts: Mapping[str, Any]) -> dict[str, float]:
    try:
        utilities = {str(candidate["name"]): float(candidate["utility"]) for candidate in facts["candidates"]}
    except (KeyError, TypeError, ValueError) as error:
        raise Unanswerable(f"the facts of a voter are incomplete ({error})") from None
    if not utilities:
        raise Unanswerable("the facts of a voter contain no candidates")
    return utilities
