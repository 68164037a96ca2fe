"""Workers in words: the followers under which the numbers of a run were measured, in the same words everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Workers", "scored_under", "workers_of"]


class Workers(NamedTuple):
    """The followers of a response: a short name for table headers, and words for sentences."""

    short: str
    words: str


def workers_of(summary: Mapping[str, Any], response: str) -> Workers:
    """Return the followers of a response in words."""
    known = summary.get("workers", {}).get(response)
    return Workers(response, f"{response} workers") if known is None else Workers(**known)


def scored_under(summary: Mapping[str, Any]) -> str:
    """Return a sentence on the followers under which policies are scored, with the short names of several."""
    sets = [workers_of(summary, response) for response in summary["responses"]]
    named = [f"{one.words} ({one.short})" if len(sets) > 1 else one.words for one in sets]
    return f"Each policy is scored under {' and under '.join(named)}."
