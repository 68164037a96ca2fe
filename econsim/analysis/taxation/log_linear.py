r"""The log-linear tax closest to a schedule of brackets, over stated incomes, with the rates of both.

The fit is that of Heathcote, Storesletten and Violante (2017): least squares of log income after on log income before
taxes and transfers. It weights people, not money, and relative changes of net income, so that it follows the middle of
the distribution more closely than its ends. Nearly all of the variance of log net income is that of gross income, so
that the explained variance is near one even where rates differ by percentage points; the errors of rates are given too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, quantile, sample
from econsim.analysis.taxation.household import TaxReform, rates_by_income
from econsim.analysis.taxation.progressivity import HSV, fit_hsv
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SHOWN_LEVELS", "ScheduleFit", "fit_schedule", "shown_incomes"]

SHOWN_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
"""Shares of people with at most the incomes at which rates are shown."""


class ScheduleFit(NamedTuple):
    """The log-linear tax closest to a schedule.

    schedule: level (in units of mean income), progressivity and explained variance of log net income.
    mean_income: of the people of the fit, money.
    left_out: share of people whom the fit leaves out, since their income before or after taxes is zero or too low.
    average_rate_error, marginal_rate_error: root mean squares over people, fractions.
    """

    schedule: HSV
    mean_income: float
    left_out: float
    average_rate_error: float
    marginal_rate_error: float

    def average_rate(self, income: ArrayLike) -> Floats:
        r"""Return $1 - \lambda (y / \bar y)^{-\tau}$ at incomes above zero, any shape."""
        relative = np.asarray(income, dtype=np.float64) / self.mean_income
        rate: Floats = 1.0 - self.schedule.level * relative**-self.schedule.progressivity
        return rate

    def marginal_rate(self, income: ArrayLike) -> Floats:
        r"""Return $1 - \lambda (1 - \tau) (y / \bar y)^{-\tau}$ at incomes above zero, any shape."""
        rate: Floats = 1.0 - (1.0 - self.schedule.progressivity) * (1.0 - self.average_rate(income))
        return rate

    def rates(self, schedule: TaxReform, income: Floats, transfer: float = 0.0) -> pd.DataFrame:
        """Return a row per income ``[N]`` above zero: average and marginal rates of the schedule and of the fit.

        Columns: ``income``, and by name, ``schedule`` and ``fitted``, ``NAME_average_rate`` and ``NAME_marginal_rate``,
        fractions of income before tax. Average rates are net of the transfer.
        """
        table = rates_by_income(income, {"schedule": schedule})
        table["schedule_average_rate"] -= transfer / income
        return table.drop(columns="schedule_liability").assign(
            fitted_average_rate=self.average_rate(income), fitted_marginal_rate=self.marginal_rate(income)
        )


def fit_schedule(
    schedule: TaxReform,
    income: ArrayLike,
    people: ArrayLike | None = None,
    transfer: float = 0.0,
    lowest_income: float = 0.0,
) -> ScheduleFit:
    """Return the log-linear tax closest to a schedule of brackets at given incomes.

    Args:
        schedule: brackets and deduction, in the unit of incomes.
        income: ``[N]`` before taxes and transfers, money.
        people: ``[N]`` weights, one each if not given.
        transfer: money that everybody receives.
        lowest_income: people with less are left out.

    Raises:
        UserError: fewer than two different incomes are left, or the transfer or the lowest income is negative.
    """
    for name, amount in (("transfer", transfer), ("lowest_income", lowest_income)):
        if not 0.0 <= amount < float("inf"):
            raise UserError(f"{name}: expected zero or more, found {amount:g}")
    earned, mass = sample(income, people)
    net = earned - rates_by_income(earned, {"schedule": schedule})["schedule_liability"].to_numpy() + transfer
    kept = (earned > 0) & (earned >= lowest_income) & (net > 0)
    gross, after, weight = earned[kept], net[kept], mass[kept]
    if np.unique(gross).size < 2:
        raise UserError(
            "incomes: expected at least two different ones above zero, before and after taxes, and above lowest_income"
            f" {lowest_income:g}; found {np.unique(gross).size}"
        )
    mean = float(np.average(gross, weights=weight))
    fit = ScheduleFit(fit_hsv(gross / mean, after / mean, weight), mean, float(mass[~kept].sum()), 0.0, 0.0)
    table = fit.rates(schedule, gross, transfer)
    average, marginal = (
        _root_mean_square(table[f"fitted_{kind}_rate"] - table[f"schedule_{kind}_rate"], weight)
        for kind in ("average", "marginal")
    )
    return fit._replace(average_rate_error=average, marginal_rate_error=marginal)


def _root_mean_square(error: ArrayLike, weight: Floats) -> float:
    return float(np.sqrt(np.average(np.square(error), weights=weight)))


def shown_incomes(income: ArrayLike, people: ArrayLike | None = None) -> Floats:
    """Return the incomes ``[9]`` at :data:`SHOWN_LEVELS`."""
    return np.array([quantile(income, level, people) for level in SHOWN_LEVELS])
