"""The federal income tax of the United States as enacted, read from the table in ``data/``.

Thresholds are US dollars of taxable income a year, nominal; credits and payroll taxes are not part of it.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import UserError, did_you_mean
from econsim.parameters import Model

TABLE = "data/us_federal_income_tax_brackets.csv"


FilingStatus = Literal["single", "married_joint", "head_of_household"]


class Law(Model):
    """A year of US federal income-tax law."""

    year: int = Field(2024, ge=2018, le=2026)
    """Tax year."""
    filing_status: FilingStatus = "single"
    """Filing status."""

    def schedule(self) -> Schedule:
        """Return the brackets and rates."""
        return federal_schedule(self.year, self.filing_status)


@dataclass(frozen=True, eq=False)
class Schedule:
    """A bracket schedule of the law.

    thresholds: ``[K]`` float64, lower ends of the brackets in US dollars of taxable income, the first zero.
    rates: ``[K]`` float64, marginal rates.
    standard_deduction: US dollars that the law takes off gross income first.
    source: the act or revenue procedure.
    """

    thresholds: Tensor
    rates: Tensor
    standard_deduction: float
    source: str


def federal_schedule(year: int, filing_status: str = "single") -> Schedule:
    """Return the schedule of a tax year for ``single``, ``married_joint`` or ``head_of_household``.

    Raises:
        UserError: a year or a filing status that the table does not hold; the known ones are named.
    """
    table = _read()
    years = sorted({known for known, _ in table})
    if year not in years:
        raise UserError(f"no federal tax schedule for year {year} (known: {years[0]} to {years[-1]})")
    statuses = {status for _, status in table}
    if filing_status not in statuses:
        raise UserError(f"no filing status {filing_status!r}{did_you_mean(filing_status, statuses)}")
    rows = table[year, filing_status]
    return Schedule(
        thresholds=torch.tensor([float(row["lower_usd"]) for row in rows], dtype=torch.float64),
        rates=torch.tensor([float(row["rate"]) for row in rows], dtype=torch.float64),
        standard_deduction=float(rows[0]["standard_deduction_usd"]),
        source=rows[0]["source"],
    )


@cache
def _read() -> dict[tuple[int, str], list[dict[str, str]]]:
    """Return the table's rows by year and filing status, the lowest bracket first."""
    brackets: defaultdict[tuple[int, str], list[dict[str, str]]] = defaultdict(list)
    with files("econsim.mechanisms").joinpath(TABLE).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            brackets[int(row["tax_year"]), row["filing_status"]].append(row)
    return dict(brackets)
