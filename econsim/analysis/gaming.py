"""Tax gaming: shifts of income between tax periods that lower the tax liability below that of a constant income.

Under a convex schedule (rates rise with income) uneven incomes pay more than even ones, and less in a concave range
(Jensen). The statistic is the tax that a worker paid under the schedules of its periods minus the tax on its mean
income in each of them; negative values mean that uneven income saved taxes. The AI Economist's workers were reported to
alternate between high and low incomes (Zheng et al. 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats
from econsim.errors import UserError
from econsim.mechanisms.taxes import brackets_tax

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["alternation", "cost_of_unevenness", "gaming"]


def alternation(income: ArrayLike) -> Floats:
    """Return the correlation ``[N]`` of each worker's income ``[N, Y]`` with that of the period before.

    Minus one for strict alternation; missing (NaN) where an income does not vary, or with fewer than three periods.
    """
    earned = _by_period(income)
    before, after = earned[:, :-1], earned[:, 1:]
    if before.shape[1] < 2:
        return np.full(len(earned), np.nan)
    left, right = before - before.mean(1, keepdims=True), after - after.mean(1, keepdims=True)
    spread = np.sqrt((left**2).sum(1) * (right**2).sum(1))
    # Sums of squares of equal incomes are not always exactly zero, because of rounding.
    flat = spread <= 1e-12 * np.maximum(1.0, (earned**2).sum(1))
    return np.where(flat, np.nan, (left * right).sum(1) / np.where(flat, 1.0, spread))


def cost_of_unevenness(income: ArrayLike, thresholds: ArrayLike, rates: ArrayLike) -> Floats:
    """Return the additional tax on each worker's uneven income, ``[N]`` in money; negative where it saved taxes.

    Args:
        income: ``[N, Y]`` by period.
        thresholds: ``[K]``.
        rates: ``[Y, K]`` of each period, or ``[K]`` of all periods.
    """
    earned = _by_period(income)
    even = np.broadcast_to(earned.mean(1, keepdims=True), earned.shape)
    return _paid(earned, thresholds, rates) - _paid(even, thresholds, rates)


def gaming(income: ArrayLike, thresholds: ArrayLike, rates: ArrayLike) -> pd.DataFrame:
    """Return a table of workers that shows whether their income alternates, and whether that saves taxes.

    Columns: ``mean_income``, ``alternation`` (see :func:`alternation`), ``tax`` by statute over all periods,
    ``tax_if_even``, ``cost_of_unevenness``, and ``games``: whether income alternates and thereby saves taxes.

    Args:
        income: ``[N, Y]`` by period, such as the account ``income_by_period`` of one copy.
        thresholds: ``[K]``.
        rates: ``[Y, K]`` of each period, such as the account ``schedule_by_period`` of one copy and planner, or
            ``[K]``.

    Raises:
        UserError: shapes that do not fit.
    """
    import pandas as pd

    earned = _by_period(income)
    even = np.broadcast_to(earned.mean(1, keepdims=True), earned.shape)
    correlation, cost = alternation(earned), cost_of_unevenness(earned, thresholds, rates)
    columns = {
        "mean_income": earned.mean(1),
        "alternation": correlation,
        "tax": _paid(earned, thresholds, rates),
        "tax_if_even": _paid(even, thresholds, rates),
        "cost_of_unevenness": cost,
        "games": (np.nan_to_num(correlation) < 0) & (cost < 0),
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(earned), name="worker"))


def _by_period(income: ArrayLike) -> Floats:
    earned = np.asarray(income, dtype=np.float64)
    if earned.ndim != 2:
        raise UserError(f"income: expected one row per worker and one column per period, found {earned.ndim} axes")
    return earned


def _paid(income: Floats, thresholds: ArrayLike, rates: ArrayLike) -> Floats:
    """Return statutory taxes over all periods, ``[N]``."""
    start, rate = np.asarray(thresholds, dtype=np.float64), np.asarray(rates, dtype=np.float64)
    periods = income.shape[1]
    if rate.shape not in (start.shape, (periods, *start.shape)):
        raise UserError(f"rates: expected {periods} x {start.size} or {start.size} entries, found {list(rate.shape)}")
    by_period = torch.as_tensor(np.broadcast_to(rate, (periods, start.size)).copy())
    tax = brackets_tax(torch.as_tensor(income.T.copy()), torch.as_tensor(start), by_period)
    return np.asarray(tax.sum(0))
