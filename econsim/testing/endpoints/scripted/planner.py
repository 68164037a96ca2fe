"""A planner that climbs by what its prompt remembers: from the best schedule so far it tries moves not tried yet.

It is a pattern search (Hooke and Jeeves 1961) without a memory of its own. A move that paid is repeated first; then all
brackets move together, then the lower and the upper half, then each bracket alone, up before down, in steps that
shrink. Everything follows from the years in the question, so that the same question always has the same answer.
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
    """Return the rates to announce.

    Args:
        facts: ``rates`` in force; ``grid`` and ``highest`` rate; ``history`` of tax years, the oldest first, each with
            ``rates`` and ``welfare``; where given ``best``, one such year, ``exploit`` (announce the best now) and
            ``largest_move`` from the rates in force.

    Raises:
        Unanswerable: facts are missing.
    """
    try:
        in_force, limit = tuple(facts["rates"]), _Limits(facts)
        years = [(tuple(year["rates"]), float(year["welfare"])) for year in facts["history"]]
        if facts.get("best"):
            years.insert(0, (tuple(facts["best"]["rates"]), float(facts["best"]["welfare"])))
    except (KeyError, TypeError, ValueError) as error:
        raise Unanswerable(f"the facts of a planner are incomplete ({error})") from None
    if not years:
        return list(limit.placed(in_force))
    best, before = _summits(years)
    if facts.get("exploit"):
        return list(limit.placed(best))
    tried = {_key(seen) for seen, _ in years}
    proposals = (limit.placed(_moved(best, move)) for move in _moves(best, before, limit.grid))
    return list(next((each for each in proposals if _key(each) not in tried), limit.placed(best)))


class _Limits:
    """What may be announced: multiples of ``grid`` up to ``highest``, no farther than a largest move."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.grid = float(facts["grid"])
        self._top = int(facts["highest"] / self.grid + _SAME)
        most = facts.get("largest_move")
        self._around: Rates | None = None if most is None else tuple(facts["rates"])
        self._most = 0.0 if most is None else float(most)

    def placed(self, wanted: Sequence[float]) -> Rates:
        """Return the schedule that may be announced and is next to ``wanted``."""
        if self._around is not None:
            near = zip(wanted, self._around, strict=True)
            wanted = [min(max(rate, now - self._most), now + self._most) for rate, now in near]
        steps = (min(max(round(rate / self.grid), 0), self._top) for rate in wanted)
        return tuple(round(step * self.grid, 6) for step in steps)


def _summits(years: Sequence[tuple[Rates, float]]) -> tuple[Rates, Rates]:
    """Return the best schedule, the earliest of equals, and the best of those before it."""
    place = max(range(len(years)), key=lambda place: years[place][1])
    earlier = [year for year in years[:place] if year[0] != years[place][0]]
    return years[place][0], max(earlier or [years[place]], key=lambda year: year[1])[0]


def _moves(best: Rates, before: Rates, grid: float) -> Iterator[Rates]:
    """Yield moves from the best schedule, the most promising first."""
    if before != best:
        yield tuple(now - then for now, then in zip(best, before, strict=True))
    size = max(round(_LARGEST_STEP / grid), 1) * grid
    while size > grid - _SAME:
        for brackets in _groups(len(best)):
            for sign in (1.0, -1.0):
                yield tuple(sign * size * (place in brackets) for place in range(len(best)))
        size /= 2.0


def _groups(count: int) -> Iterator[range]:
    """Yield which brackets move together."""
    yield range(count)
    if count > 2:
        yield range((count + 1) // 2)
        yield range((count + 1) // 2, count)
    if count > 1:
        yield from (range(place, place + 1) for place in range(count))


def _moved(best: Rates, move: Rates) -> list[float]:
    return [rate + step for rate, step in zip(best, move, strict=True)]


def _key(schedule: Sequence[float]) -> Rates:
    return tuple(round(rate, 4) for rate in schedule)
