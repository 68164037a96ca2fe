"""Taxes of one planner: bracket rates for a period, collection at its end, and equal rebates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from econsim.economies.gather_trade_build.reference.people import Worker


@dataclass
class Assessment:
    """Tax assessment of one worker in one period; money in coin."""

    income: float = 0.0
    owed: float = 0.0
    paid: float = 0.0
    rebate: float = 0.0
    marginal_rate: float = 0.0


@dataclass
class TaxOffice:
    """Tax office of one planner."""

    planner: str
    people: list[Worker]
    period: int
    thresholds: tuple[float, ...]
    """Lower thresholds of the brackets in coin, starting at zero."""
    rate_step: float
    highest_rate: float
    lowest_rate: float = 0.0
    rates: list[float] = field(default_factory=list)
    coin_before: dict[int, float] = field(default_factory=dict)
    """Endowment of each worker at the start of the period."""
    periods: list[dict[int, Assessment]] = field(default_factory=list)
    """Assessments of completed periods."""
    schedules: list[list[float]] = field(default_factory=list)
    """Rates of completed periods."""

    def __post_init__(self) -> None:
        self.rates = [0.0] * len(self.thresholds)
        self._start_period()

    @property
    def options(self) -> list[float]:
        """Rates from which the planner chooses, from the lowest to one."""
        first, last = round(self.lowest_rate / self.rate_step), round(1 / self.rate_step)
        return [number * self.rate_step for number in range(first, last + 1)]

    def begins(self, time: int) -> bool:
        """Return whether the step after ``time`` steps is the first of a period."""
        return time % self.period == 0

    def ends(self, time: int) -> bool:
        """Return whether the step after ``time`` steps is the last of a period."""
        return (time + 1) % self.period == 0

    def allows(self, rate: float) -> bool:
        """Return whether the planner may choose a rate, up to rounding."""
        return rate <= self.highest_rate + 1e-9

    def announce(self, entries: Sequence[int] | Sequence[float]) -> None:
        """Set rates: integers select an option (0: keep, ``k``: the ``k``-th rate), floats are the rates themselves."""
        for bracket, entry in enumerate(entries):
            if not isinstance(entry, int):
                self.rates[bracket] = min(entry, self.highest_rate)
            elif 1 <= entry <= len(self.options) and self.allows(self.options[entry - 1]):
                self.rates[bracket] = self.options[entry - 1]

    def income(self, worker: Worker) -> float:
        """Return a worker's change of endowment since the start of the period, which may be negative."""
        return worker.endowment - self.coin_before[worker.number]

    def tax_on(self, income: float) -> float:
        """Return the tax on an income: the rate of each bracket on the part of income within it."""
        edges = pairwise((*self.thresholds, float("inf")))
        incomes = [max(0.0, min(income, upper) - lower) for lower, upper in edges]
        return sum(rate * amount for rate, amount in zip(self.rates, incomes, strict=True))

    def marginal_rate(self, income: float) -> float:
        """Return the rate of the bracket of an income, the upper one at a threshold; zero for negative income."""
        reached = [rate for rate, lower in zip(self.rates, self.thresholds, strict=True) if income >= lower]
        return reached[-1] if reached else 0.0

    def collect(self) -> None:
        """Collect taxes, at most the coin in inventory; pay credits out of them, and rebate the rest equally."""
        bills = {worker.number: self._assess(worker) for worker in self.people}
        self._ration_credits(list(bills.values()))
        share = sum(bill.paid for bill in bills.values()) / len(self.people)
        for worker in self.people:
            bill = bills[worker.number]
            bill.rebate = share
            worker.coin = worker.coin - bill.paid + share
        self.periods.append(bills)
        self.schedules.append(list(self.rates))
        self._start_period()

    def _assess(self, worker: Worker) -> Assessment:
        income = self.income(worker)
        owed = self.tax_on(income)
        return Assessment(income, owed, min(owed, worker.coin), 0.0, self.marginal_rate(income))

    def _ration_credits(self, bills: list[Assessment]) -> None:
        """Reduce all credits in the same proportion where they exceed the taxes collected."""
        revenue = sum(bill.paid for bill in bills if bill.paid > 0)
        credit = -sum(bill.paid for bill in bills if bill.paid < 0)
        for bill in bills:
            if bill.paid < 0 and credit > revenue:
                bill.paid *= revenue / credit

    def last(self, worker: Worker) -> Assessment:
        """Return a worker's latest assessment, or an empty one before the first."""
        return self.periods[-1][worker.number] if self.periods else Assessment()

    def _start_period(self) -> None:
        self.coin_before = {worker.number: worker.endowment for worker in self.people}
