"""Memory of a language-model planner: the rates of each tax year and the welfare at its end. Memories are immutable."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

__all__ = ["Past", "Report", "Year", "histogram", "on_grid", "reports", "shares"]

Rates = tuple[float, ...]
_BAR = 20  # characters of a bar that represents all people
_SAME = 1e-9


class Report(NamedTuple):
    """Facts about the last working step for the planner of one environment copy; one entry per person in lists."""

    time: int
    rates: Rates
    welfare: float
    incomes: list[float]
    utilities: list[float]
    people: list[float]  # how many people each entry represents


class Year(NamedTuple):
    """One tax year: its number, the tax rates in force, and the welfare at its end."""

    number: int
    rates: Rates
    welfare: float


@dataclass(frozen=True, slots=True)
class Past:
    """The tax years of one environment copy, oldest first."""

    years: tuple[Year, ...] = ()

    @property
    def best(self) -> Year | None:
        """The year with the highest welfare, and the earliest of several with the same welfare."""
        return max(self.years, key=lambda year: year.welfare, default=None)

    def top(self, count: int) -> list[Year]:
        """Return the best year of each of the ``count`` best distinct schedules, best first."""
        by_rates: dict[Rates, Year] = {}
        for year in sorted(self.years, key=lambda year: -year.welfare):
            by_rates.setdefault(year.rates, year)
        return list(by_rates.values())[:count]

    def verdicts(self, place: int) -> list[tuple[int, str]]:
        """Return the number of each bracket whose rate changed in year ``place``, with ``too high`` or ``too low``.

        A rate counts as too high if a higher rate came with lower welfare, or a lower rate with higher welfare. The
        effects of brackets that changed in the same year are not separated.
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
    """Return the facts ``[B, 1, ...]`` of the planner as one report per environment copy."""
    names = ("time", "rates", "welfare", "incomes", "utilities", "weights")
    columns = [facts[name][:, 0].tolist() for name in names]
    return [
        Report(int(time), shares(rates), welfare, incomes, utilities, people)
        for time, rates, welfare, incomes, utilities, people in zip(*columns, strict=True)
    ]


def shares(rates: list[float]) -> Rates:
    """Round rates to six significant digits, which removes the rounding error of single precision."""
    return tuple(float(f"{rate:.6g}") for rate in rates)


def on_grid(lowest: float, grid: float) -> float:
    """Return the lowest multiple of ``grid`` that is not below the economy's ``lowest`` rate, zero or less."""
    steps = math.floor(-lowest / grid + 1e-9)
    return -float(f"{steps * grid:.6g}") if steps else 0.0


def histogram(values: list[float], edges: list[float], unit: str, people: list[float]) -> str:
    """Return a text histogram of ``people`` by value, one line with a bar per interval; the last one is unbounded."""
    counts = [0.0] * len(edges)
    for value, weight in zip(values, people, strict=True):
        counts[max(0, sum(value >= edge for edge in edges) - 1)] += weight
    lines = []
    for index, count in enumerate(counts):
        upper = f"to {edges[index + 1]:,.0f}" if index + 1 < len(edges) else "and more"
        bar = "#" * round(_BAR * count / max(1.0, sum(people)))
        lines.append(f"{edges[index]:,.0f} {upper} {unit}: {count:.0f} {bar}".rstrip())
    return "\n".join(lines)
