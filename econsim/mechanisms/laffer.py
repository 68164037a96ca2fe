"""The Laffer curve: revenue by tax rate, and its peak."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LafferCurve", "laffer_curve"]

Floats = NDArray[np.floating[Any]]


class LafferCurve(NamedTuple):
    """Revenue by tax rate, and its peak.

    table: ``rate`` and ``revenue``, by rate.
    peak_rate: to within ``tolerance``.
    inside: whether the peak lies inside the range of rates.
    """

    table: pd.DataFrame
    peak_rate: float
    peak_revenue: float
    inside: bool


def laffer_curve(
    revenue_of: Callable[[Floats], ArrayLike],
    low: float = 0.0,
    high: float = 1.0,
    points: int = 41,
    tolerance: float = 1e-4,
) -> LafferCurve:
    """Return the curve on an even grid, and its peak by successively finer grids around the best rate.

    Args:
        revenue_of: function from rates ``[G]`` to revenue ``[G]``; each grid is one call, which a game plays as one
            batch.
        low: the lowest rate.
        high: the highest.
        points: number of points of each grid, five or more.
        tolerance: accuracy of the peak's rate.

    Raises:
        UserError: an empty range, or revenue that is not finite.
    """
    import pandas as pd

    if not low < high or points < 5:
        raise UserError(f"laffer_curve: expected low < high and 5 points or more, found {low}, {high} and {points}")
    rates = np.linspace(low, high, points)
    revenue = _revenue(revenue_of, rates)
    table = pd.DataFrame({"rate": rates, "revenue": revenue})
    best = int(revenue.argmax())
    inside = 0 < best < points - 1
    while rates[1] - rates[0] > tolerance:
        rates = np.linspace(rates[max(best - 1, 0)], rates[min(best + 1, points - 1)], points)
        revenue = _revenue(revenue_of, rates)
        best = int(revenue.argmax())
    return LafferCurve(table, float(rates[best]), float(revenue[best]), inside)


def _revenue(revenue_of: Callable[[Floats], ArrayLike], rates: Floats) -> Floats:
    revenue = np.asarray(revenue_of(rates), dtype=np.float64)
    if revenue.shape != rates.shape or not np.isfinite(revenue).all():
        raise UserError(f"laffer_curve: expected one finite revenue per rate, found shape {list(revenue.shape)}")
    return revenue
