"""What the planner remembers: each tax year's rates and the welfare at its end. Memories never change in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

__all__ = ["Past", "Report", "Year", "histogram", "reports", "shares"]

Rates = tuple[float, ...]
_BAR = 20  # signs for everybody
_SAME = 1e-9


class Report(NamedTuple):
    """What the planner of one copy is told of the last working step; people's entries are ``N`` numbers."""

    time: int
    rates: Rates
    welfare: float
    incomes: list[float]
    utilities: list[float]


class Year(NamedTuple):
    """One tax year: its number, the rates that were in force and the welfare at its end."""

    number: int
    rates: Rates
    welfare: float


@dataclass(frozen=True, slots=True)
class Past:
    """The tax years of one copy, the oldest first."""

    years: tuple[Year, ...] = ()

    @property
    def best(self) -> Year | None:
        """The year with the highest welfare, the earliest of equals: a true maximum over all years."""
        return max(self.years, key=lambda year: year.welfare, default=None)

    def top(self, count: int) -> list[Year]:
        """Return the best years of ``count`` different schedules, the best first."""
        by_rates: dict[Rates, Year] = {}
        for year in sorted(self.years, key=lambda year: -year.welfare):
            by_rates.setdefault(year.rates, year)
        return list(by_rates.values())[:count]

    def verdicts(self, place: int) -> list[tuple[int, str]]:
        """Return for each bracket whose rate changed in the year at ``place``: its number, ``too high`` or ``too low``.

        A higher rate with lower welfare, or a lower one with higher, says that it was too high. Brackets that changed
        together share the blame.
        """
        if place == 0:
            return []
        before, year = self.years[place - 1], self.years[place]
        if year.welfare == before.welfare:
            return []
        fell = year.welfare < before.welfare
        return [
            (bracket + 1, "too high" if (now > then) == fell else "too low")
            for bracket, (then, now) in enumerate(zip(before.rates, year.rates, strict=True))
            if abs(now - then) > _SAME
        ]

    def untouched(self) -> list[int]:
        """Return the numbers of the brackets whose rate never changed."""
        columns = zip(*(year.rates for year in self.years), strict=True)
        return [number for number, rates in enumerate(columns, 1) if max(rates) - min(rates) < _SAME]


def reports(facts: Mapping[str, Tensor]) -> list[Report]:
    """Return the facts ``[B, 1, ...]`` of the planner, one report a copy."""
    names = ("time", "rates", "welfare", "incomes", "utilities")
    columns = [facts[name][:, 0].tolist() for name in names]
    return [
        Report(int(time), shares(rates), welfare, incomes, utilities)
        for time, rates, welfare, incomes, utilities in zip(*columns, strict=True)
    ]


def shares(rates: list[float]) -> Rates:
    """Return rates to six digits, free of what single precision adds."""
    return tuple(float(f"{rate:.6g}") for rate in rates)


def histogram(values: list[float], edges: list[float], unit: str) -> str:
    """Return how many values lie between edges, a line each with a bar; the last part has no upper end."""
    counts = [0] * len(edges)
    for value in values:
        counts[max(0, sum(value >= edge for edge in edges) - 1)] += 1
    lines = []
    for place, count in enumerate(counts):
        upper = f"to {edges[place + 1]:,.0f}" if place + 1 < len(edges) else "and more"
        bar = "#" * round(_BAR * count / max(1, len(values)))
        lines.append(f"{edges[place]:,.0f} {upper} {unit}: {count} {bar}".rstrip())
    return "\n".join(lines)
