"""Scripted planner: a pattern search over the tax years in its prompt.

From the best schedule so far, it tries moves that were not tried yet (Hooke and Jeeves 1961). The last successful move
is repeated first; then all brackets are moved together, then the lower and the upper half, then each bracket alone,
upwards before downwards, in steps of decreasing size. The search has no memory of its own and depends only on the tax
years in the question, so that the same question always has the same reply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from econsim.testing.endpoints.responders import Unanswerable

__all__ = ["rates"]

Rates = tuple[float, ...]
_LARGEST_STEP = 0.2
_SAME = 1e-9


def rates(facts: Mapping[str, Any]) -> list[float]:
    """Return the marginal tax rates to set.

    Args:
        facts: the current ``rates``; ``grid``, ``highest`` and optionally ``lowest`` rate; ``history`` of tax years,
            the oldest first, each with ``rates`` and ``welfare``; optionally ``best``, one such year, ``exploit`` (set
            the best rates now) and ``largest_move``, the largest change of a current rate.

    Raises:
        Unanswerable: facts are missing.
    """
    try:
        current, limit = tuple(facts["rates"]), _Limits(facts)
        years = [(tuple(year["rates"]), float(year["welfare"])) for year in facts["history"]]
        if facts.get("best"):
            years.insert(0, (tuple(facts["best"]["rates"]), float(facts["best"]["welfare"])))
    except (KeyError, TypeError, ValueError) as error:
        raise Unanswerable(f"the facts of a planner are incomplete ({error})") from None
    if not years:
        return list(limit.placed(current))
    best, before = _best_schedules(years)
    if facts.get("exploit"):
        return list(limit.placed(best))
    tried = {_key(schedule) for schedule, _ in years}
    proposals = (limit.placed(_moved(best, move)) for move in _moves(best, before, limit.grid))
    return list(next((proposal for proposal in proposals if _key(proposal) not in tried), limit.placed(best)))


class _Limits:
    """The feasible schedules: multiples of ``grid`` within the limits, and within the largest move of current rates."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.grid = float(facts["grid"])
        self._top = int(facts["highest"] / self.grid + _SAME)
        self._bottom = -int(-facts.get("lowest", 0.0) / self.grid + _SAME)
        largest_move = facts.get("largest_move")
        self._centre: Rates | None = None if largest_move is None else tuple(facts["rates"])
        self._largest_move = 0.0 if largest_move is None else float(largest_move)

    def placed(self, wanted: Sequence[float]) -> Rates:
        """Return the feasible schedule that is closest to ``wanted``."""
        if self._centre is not None:
            limit = self._largest_move
            wanted = [min(max(rate, now - limit), now + limit) for rate, now in zip(wanted, self._centre, strict=True)]
        steps = (min(max(round(rate / self.grid), self._bottom), self._top) for rate in wanted)
        return tuple(round(step * self.grid, 6) for step in steps)


def _best_schedules(years: Sequence[tuple[Rates, float]]) -> tuple[Rates, Rates]:
    """Return the best schedule (the earliest of equally good ones), and the best of those before it."""
    best = max(range(len(years)), key=lambda index: years[index][1])
    earlier = [year for year in years[:best] if year[0] != years[best][0]]
    return years[best][0], max(earlier or [years[best]], key=lambda year: year[1])[0]


def _moves(best: Rates, before: Rates, grid: float) -> Iterator[Rates]:
    """Yield moves from the best schedule, the most promising first."""
    if before != best:
        yield tuple(now - then for now, then in zip(best, before, strict=True))
    size = max(round(_LARGEST_STEP / grid), 1) * grid
    while size > grid - _SAME:
        for brackets in _groups(len(best)):
            for sign in (1.0, -1.0):
                yield tuple(sign * size * (bracket in brackets) for bracket in range(len(best)))
        size /= 2.0


def _groups(count: int) -> Iterator[range]:
    """Yield the groups of brackets that are moved together."""
    yield range(count)
    if count > 2:
        yield range((count + 1) // 2)
        yield range((count + 1) // 2, count)
    if count > 1:
        yield from (range(bracket, bracket + 1) for bracket in range(count))


def _moved(best: Rates, move: Rates) -> list[float]:
    return [rate + step for rate, step in zip(best, move, strict=True)]


def _key(schedule: Sequence[float]) -> Rates:
    return tuple(round(rate, 4) for rate in schedule)
