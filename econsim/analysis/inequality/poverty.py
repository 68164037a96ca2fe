"""Poverty and quantiles: headcount, poverty gap and severity below a line, P90/P10, and growth incidence curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality.samples import checked, sample
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["growth_incidence", "percentile_ratio", "poverty_index", "poverty_table", "quantile"]

_ROUNDING = 1e-12  # of sums of shares of people
_PERCENTILES = tuple(range(5, 100, 5))


def poverty_index(amount: ArrayLike, line: float, alpha: float = 0.0, people: ArrayLike | None = None) -> float:
    r"""Return the mean of $((z - x) / z)^\alpha$ over people, with zero for those at or above the line $z$.

    ``alpha`` 0 is the headcount ratio, the share of people below the line; 1 the poverty gap, their mean shortfall as a
    share of the line; 2 the squared gap, which counts the poorest most. Amounts below zero count as a shortfall of more
    than the line. Source: Foster, Greer and Thorbecke 1984.

    Raises:
        UserError: a line that is not positive, an ``alpha`` below zero, or a sample as in ``samples.checked``.
    """
    if not (np.isfinite(line) and line > 0):
        raise UserError(f"line: expected a poverty line above 0, found {line}")
    if not alpha >= 0:
        raise UserError(f"alpha: expected a poverty aversion of 0 or more, found {alpha}")
    values, mass = checked(amount, people)
    poor = values < line
    return float((mass[poor] @ ((line - values[poor]) / line) ** alpha) / mass.sum())


def quantile(amount: ArrayLike, level: float, people: ArrayLike | None = None) -> float:
    """Return the smallest amount that at least a share ``level`` of people does not exceed.

    Raises:
        UserError: a level outside [0, 1], or a sample as in ``samples.checked``.
    """
    if not 0 <= level <= 1:
        raise UserError(f"level: expected a fraction of people between 0 and 1, found {level}")
    values, mass = sample(amount, people)
    order = values.argsort(kind="stable")
    reached = mass[order].cumsum() >= level - _ROUNDING
    # The sum of all shares may fall short of one by rounding.
    return float(values[order][reached.argmax() if reached.any() else -1])


def percentile_ratio(amount: ArrayLike, high: float = 0.9, low: float = 0.1, people: ArrayLike | None = None) -> float:
    """Return the ratio of two quantiles, by default P90/P10; missing where the lower one is not positive."""
    bottom = quantile(amount, low, people)
    return quantile(amount, high, people) / bottom if bottom > 0 else float("nan")


def poverty_table(amount: ArrayLike, line: float, people: ArrayLike | None = None) -> dict[str, float]:
    """Return ``headcount``, ``poverty_gap`` and ``squared_poverty_gap`` below a line, fractions."""
    names = ("headcount", "poverty_gap", "squared_poverty_gap")
    return {name: poverty_index(amount, line, alpha, people) for alpha, name in enumerate(names)}


def growth_incidence(
    before: ArrayLike,
    after: ArrayLike,
    people: ArrayLike | None = None,
    people_after: ArrayLike | None = None,
    percentiles: Sequence[int] = _PERCENTILES,
) -> pd.DataFrame:
    """Return the growth of each quantile between two distributions: ``percentile``, ``before``, ``after``, ``growth``.

    The curve compares quantiles, not persons: the people at a percentile may be others after a reform. ``growth`` is a
    fraction, missing where the quantile before is not positive. Source: Ravallion and Chen 2003.

    Args:
        before: ``[N]`` amounts.
        after: ``[M]`` amounts.
        people: ``[N]`` weights, one each if not given.
        people_after: ``[M]`` weights; those of ``people`` if not given.
        percentiles: from 0 to 100.
    """
    import pandas as pd

    weight_after = people if people_after is None else people_after
    table = pd.DataFrame({"percentile": list(percentiles)})
    table["before"] = [quantile(before, percent / 100, people) for percent in percentiles]
    table["after"] = [quantile(after, percent / 100, weight_after) for percent in percentiles]
    return table.assign(growth=table["after"] / table["before"].where(table["before"] > 0) - 1.0)
