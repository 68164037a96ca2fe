"""The tax office of one planner: bracket rates for a period, collected at its end and shared out equally."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from econsim.economies.gather_trade_build.reference.people import Worker


@dataclass
class Assessment:
    """One worker's tax of one period; coin."""

    income: float = 0.0
    owed: float = 0.0
    paid: float = 0.0
    rebate: float = 0.0
    marginal_rate: float = 0.0


@dataclass
class TaxOffice:
    """Taxes the people of a planner."""

    planner: str
    people: list[Worker]
    period: int
    thresholds: tuple[float, ...]
    """Lower ends of the brackets in coin, the first zero."""
    rate_step: float
    highest_rate: float
    rates: list[float] = field(default_factory=list)
    coin_before: dict[int, float] = field(default_factory=dict)
    """Each worker's endowment when the period began."""
    periods: list[dict[int, Assessment]] = field(default_factory=list)
    """Assessments of the periods that ended."""
    schedules: list[list[float]] = field(default_factory=list)
    """The rates of the periods that ended."""

    def __post_init__(self) -> None:
        self.rates = [0.0] * len(self.thresholds)
        self._open_the_books()

    @property
    def options(self) -> list[float]:
        """The rates that the planner chooses from, the first zero and the last one."""
        return [number * self.rate_step for number in range(round(1 / self.rate_step) + 1)]

    def begins(self, time: int) -> bool:
        """Return whether a period begins with the step after ``time`` steps."""
        return time % self.period == 0

    def ends(self, time: int) -> bool:
        """Return whether a period ends with the step after ``time`` steps."""
        return (time + 1) % self.period == 0

    def allows(self, rate: float) -> bool:
        """Return whether a rate to choose is within the planner's reach; up to the rounding of its multiples."""
        return rate <= self.highest_rate + 1e-9

    def announce(self, entries: Sequence[int] | Sequence[float]) -> None:
        """Set rates: whole numbers choose (0: as it was, ``k``: the ``k``-th rate), others are the rates themselves."""
        for bracket, entry in enumerate(entries):
            if not isinstance(entry, int):
                self.rates[bracket] = min(entry, self.highest_rate)
            elif 1 <= entry <= len(self.options) and self.allows(self.options[entry - 1]):
                self.rates[bracket] = self.options[entry - 1]

    def income(self, worker: Worker) -> float:
        """Return what a worker gained since the period began: sales less purchases, possibly negative."""
        return worker.endowment - self.coin_before[worker.number]

    def tax_on(self, income: float) -> float:
        """Return the tax on an income: in each bracket its rate on the part that falls into it."""
        edges = pairwise((*self.thresholds, float("inf")))
        parts = [max(0.0, min(income, upper) - lower) for lower, upper in edges]
        return sum(rate * part for rate, part in zip(self.rates, parts, strict=True))

    def marginal_rate(self, income: float) -> float:
        """Return the rate of the bracket that an income lies in, the upper one at a threshold; zero below zero."""
        reached = [rate for rate, lower in zip(self.rates, self.thresholds, strict=True) if income >= lower]
        return reached[-1] if reached else 0.0

    def collect(self) -> None:
        """Tax everybody, as far as coin at hand goes, and pay every one of them the same share of the revenue."""
        bills = {worker.number: self._assess(worker) for worker in self.people}
        share = sum(bill.paid for bill in bills.values()) / len(self.people)
        for worker in self.people:
            bill = bills[worker.number]
            bill.rebate = share
            worker.coin = worker.coin - bill.paid + share
        self.periods.append(bills)
        self.schedules.append(list(self.rates))
        self._open_the_books()

    def _assess(self, worker: Worker) -> Assessment:
        income = self.income(worker)
        owed = self.tax_on(income)
        return Assessment(income, owed, min(owed, worker.coin), 0.0, self.marginal_rate(income))

    def last(self, worker: Worker) -> Assessment:
        """Return a worker's latest assessment, an empty one before the first."""
        return self.periods[-1][worker.number] if self.periods else Assessment()

    def _open_the_books(self) -> None:
        self.coin_before = {worker.number: worker.endowment for worker in self.people}
