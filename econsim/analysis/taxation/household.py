"""Income-tax calculator of a household: liability, average and marginal rates under the law and under a reform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, arrays
from econsim.analysis.taxation.rates import effective_rates, marginal_rates
from econsim.economics import LOWEST_RATE
from econsim.errors import UserError
from econsim.mechanisms.taxes import brackets_tax, check_schedule, with_deduction
from econsim.mechanisms.us_law import Law

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TaxReform", "curve_incomes", "household", "rates_by_income"]

STEPS = 200
"""Steps between the incomes of a curve."""
_TOP_WITHOUT_INCOME = 200_000.0  # US dollars


@dataclass(frozen=True)
class TaxReform:
    """Bracket schedule on income before tax, after a deduction.

    thresholds: lower thresholds of the brackets in US dollars, the first 0.
    rates: one marginal tax rate per bracket, fractions; negative in the phase-in of a refundable credit.
    deduction: US dollars subtracted from income before the schedule applies.
    """

    thresholds: Sequence[float]
    rates: Sequence[float]
    deduction: float = 0.0

    def __post_init__(self) -> None:
        check_schedule(self.thresholds, self.rates, LOWEST_RATE)
        if not 0.0 <= self.deduction < float("inf"):
            raise UserError(f"deduction: expected zero or more US dollars, found {self.deduction:g}")


def household(income: ArrayLike, law: Law | None = None, reform: TaxReform | None = None) -> pd.DataFrame:
    """Return federal income tax at each income before tax ``[N]`` in US dollars per year, one row per income.

    The law includes the standard deduction; credits, payroll taxes and transfers are not included.

    Columns: ``income``; ``law_liability`` in US dollars, negative for a refundable credit; ``law_average_rate``,
        liability over income before tax (missing without income); ``law_marginal_rate``, on the next dollar of income
        before tax.
        With a reform, also the same columns with ``reform_``, and ``liability_difference``,
        ``average_rate_difference`` and ``marginal_rate_difference``, reform minus law.

    Args:
        income: a number or ``[N]``.
        law: tax year and filing status, by default single filers in 2024.
        reform: a schedule to compare with the law.

    Raises:
        UserError: an income is negative or not finite, or the year is not known.
    """
    earned = arrays(np.atleast_1d(np.asarray(income, dtype=np.float64)))[0]
    if not bool((np.isfinite(earned) & (earned >= 0)).all()):
        raise UserError(f"income: expected zero or more US dollars, found {earned.tolist()}")
    schedule = (law or Law()).schedule()
    sides = {"law": TaxReform(schedule.thresholds.tolist(), schedule.rates.tolist(), schedule.standard_deduction)}
    if reform is not None:
        sides["reform"] = reform
    table = rates_by_income(earned, sides)
    if reform is not None:
        for column in ("liability", "average_rate", "marginal_rate"):
            table[f"{column}_difference"] = table[f"reform_{column}"] - table[f"law_{column}"]
    return table


def rates_by_income(income: Floats, schedules: Mapping[str, TaxReform]) -> pd.DataFrame:
    """Return the liability, average and marginal tax rates at incomes ``[N]``, one row each, under several schedules.

    Columns: ``income``, and by schedule ``NAME_liability`` in money, ``NAME_average_rate`` (missing without income) and
    ``NAME_marginal_rate``, fractions of income before tax.
    """
    import pandas as pd

    columns = {"income": income}
    for name, schedule in schedules.items():
        columns |= {f"{name}_{column}": values for column, values in _taxed(income, schedule).items()}
    return pd.DataFrame(columns)


def curve_incomes(income: float) -> Floats:
    """Return equally spaced incomes ``[201]`` from zero to a round amount of at least twice ``income``."""
    if income <= 0:
        return np.linspace(0.0, _TOP_WITHOUT_INCOME, STEPS + 1)
    unit = 10.0 ** floor(log10(2.0 * income))
    return np.linspace(0.0, ceil(2.0 * income / unit) * unit, STEPS + 1)


def _taxed(income: Floats, schedule: TaxReform) -> dict[str, Floats]:
    starts, shares = (torch.tensor(values, dtype=torch.float64) for values in (schedule.thresholds, schedule.rates))
    thresholds, rates = with_deduction(starts, shares, schedule.deduction)
    liability = brackets_tax(torch.as_tensor(income), thresholds, rates).numpy()
    return {
        "liability": liability,
        "average_rate": effective_rates(income, liability),
        "marginal_rate": marginal_rates(income, thresholds, rates),
    }
