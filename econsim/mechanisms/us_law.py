"""US federal income tax as enacted, from the table in ``data/``.

Thresholds are in nominal US dollars of taxable income per year. Tax credits and payroll taxes are not included. Each
revenue procedure has one table per filing status (26 U.S.C. 1(j)(2)(A) to (D)). Thresholds of married individuals who
file separately are half of those of joint returns, being rounded to multiples of $25 instead of $50 (1(f)(7)).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import UserError, did_you_mean
from econsim.mechanisms.taxes import brackets_tax, project_at_incomes
from econsim.parameters import Model
from econsim.storage.csv_reader import read_csv

TABLE = "data/us_federal_income_tax_brackets.csv"


FilingStatus = Literal["single", "married_joint", "married_separate", "head_of_household"]


class Law(Model):
    """US federal income-tax law of a year."""

    year: int = Field(2024, ge=2018, le=2026)
    """Tax year."""
    filing_status: FilingStatus = "single"
    """Filing status."""

    def schedule(self) -> Schedule:
        """Return the brackets and marginal tax rates."""
        return federal_schedule(self.year, self.filing_status)


@dataclass(frozen=True, eq=False)
class Schedule:
    """Bracket schedule of a law.

    thresholds: ``[K]`` float64, lower thresholds of the brackets in US dollars of taxable income, starting at zero.
    rates: ``[K]`` float64, marginal rates.
    standard_deduction: US dollars deducted from gross income.
    source: act of Congress or revenue procedure.
    """

    thresholds: Tensor
    rates: Tensor
    standard_deduction: float
    source: str


def federal_schedule(year: int, filing_status: str = "single") -> Schedule:
    """Return the schedule of a tax year for a filing status, one of :data:`FilingStatus`.

    Raises:
        UserError: the table does not contain the year or the filing status.
    """
    table = _read()
    years = sorted({listed_year for listed_year, _ in table})
    if year not in years:
        raise UserError(f"year: federal tax schedules are available for {years[0]} to {years[-1]}, not for {year}")
    statuses = {status for _, status in table}
    if filing_status not in statuses:
        raise UserError(f"filing_status: {filing_status!r} is unknown{did_you_mean(filing_status, statuses)}")
    rows = table[year, filing_status]
    return Schedule(
        thresholds=torch.tensor([float(row["lower_usd"]) for row in rows], dtype=torch.float64),
        rates=torch.tensor([float(row["rate"]) for row in rows], dtype=torch.float64),
        standard_deduction=float(rows[0]["standard_deduction_usd"]),
        source=rows[0]["source"],
    )


@dataclass(frozen=True, eq=False)
class LawOnBrackets:
    """A law in the brackets of a game, which raises the same revenue in every bracket at given incomes.

    rates: ``[..., K]`` float64, marginal rates.
    largest_error: the largest absolute difference from the liability of the law at these incomes, money.
    error_at: the income at which it occurs, money.
    """

    rates: Tensor
    largest_error: float
    error_at: float


def adaptation_in_words(law: Law, adapted: LawOnBrackets, incomes: str, unit: str) -> str:
    """Return the advice on a law in other brackets, one text wherever it is used; ``incomes`` says whose they are."""
    rates = adapted.rates.reshape(-1, adapted.rates.shape[-1])
    listed = f" [{', '.join(f'{rate:.3f}' for rate in rates[0].tolist())}]" if len(rates) == 1 else ""
    return (
        f"the brackets of the game are not those of the law of {law.year} ({law.filing_status}); current law is applied"
        f" with the rates{listed} that raise its revenue in every bracket at the incomes {incomes}. The largest error"
        f" in a person's tax is {adapted.largest_error:,.0f} {unit}, at an income of {adapted.error_at:,.0f}. For other"
        " rates, give the planner `fixed`, or status_quo in an economy that has this key"
    )


def law_on_brackets(
    law: Schedule, thresholds: Tensor, incomes: Tensor, people: Tensor, usd_per_unit: float = 1.0
) -> LawOnBrackets:
    """Return a law in other brackets; see :func:`econsim.mechanisms.taxes.project_at_incomes`.

    Args:
        law: the schedule of the law, in US dollars.
        thresholds: ``[K]`` of the brackets, money.
        incomes: ``[..., N]`` taxable incomes, money.
        people: ``[N]``, the number of people with each income.
        usd_per_unit: US dollars in one unit of money.
    """
    statutory, income = law.thresholds.to(thresholds) / usd_per_unit, incomes.to(thresholds)
    rates_of_law = law.rates.to(thresholds)
    rates = project_at_incomes(statutory, rates_of_law, thresholds, income, people.to(thresholds))
    error = (brackets_tax(income, thresholds, rates) - brackets_tax(income, statutory, rates_of_law)).abs()
    return LawOnBrackets(rates, float(error.max()), float(income.expand_as(error).flatten()[error.argmax()]))


@cache
def _read() -> dict[tuple[int, str], list[dict[str, str]]]:
    """Return the rows of the table by year and filing status, in ascending order of brackets."""
    brackets: defaultdict[tuple[int, str], list[dict[str, str]]] = defaultdict(list)
    for row in read_csv(files("econsim.mechanisms").joinpath(TABLE), "year").rows():
        brackets[int(row["tax_year"]), row["filing_status"]].append(row)
    return dict(brackets)
