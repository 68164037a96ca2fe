"""Progressivity and redistribution of taxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, arrays, gini, sample
from econsim.errors import UserError
from econsim.mechanisms.log_linear import log_linear_fit

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "HSV",
    "concentration_index",
    "fit_hsv",
    "kakwani",
    "progressivity_table",
    "reynolds_smolensky",
    "suits",
]

MISSING = float("nan")


def concentration_index(amount: ArrayLike, rank_by: ArrayLike, people: ArrayLike | None = None) -> float:
    """Return the concentration index of ``amount`` ``[N]`` in the order of another amount, -1 to 1; ties are averaged.

    Missing where the total is zero.
    """
    values, rank, mass = _three(amount, rank_by, people)
    population, held = _concentration(values, rank, mass)
    total = held[-1]
    return float(1.0 - 2.0 * np.trapezoid(held, population) / total) if total else MISSING


def kakwani(income: ArrayLike, tax: ArrayLike, people: ArrayLike | None = None) -> float:
    """Return the concentration index of tax minus the Gini coefficient of income before it; positive if progressive.

    Source: Kakwani 1977.
    """
    return concentration_index(tax, income, people) - gini(income, people)


def reynolds_smolensky(income: ArrayLike, tax: ArrayLike, people: ArrayLike | None = None) -> float:
    """Return the redistributive effect of taxes: Gini of income before minus concentration index of income after tax.

    It is $K t / (1 - t)$ with the Kakwani index $K$ and the average rate $t$; the fall of the Gini coefficient is this
    minus the effect of reranking. Source: Reynolds and Smolensky 1977, the identity Kakwani 1977.
    """
    earned, paid = arrays(income)[0], arrays(tax)[0]
    return gini(earned, people) - concentration_index(earned - paid, earned, people)


def suits(income: ArrayLike, tax: ArrayLike, people: ArrayLike | None = None) -> float:
    """Return one minus twice the area under cumulative tax over cumulative income shares, poorest first.

    One where only the richest pay, zero for a proportional tax, minus one where only the poorest pay. Missing without
    income or taxes in total. Source: Suits 1977.
    """
    paid, earned, mass = _three(tax, income, people)
    _, taxes = _concentration(paid, earned, mass)
    _, incomes = _concentration(earned, earned, mass)
    if not taxes[-1] or not incomes[-1]:
        return MISSING
    return float(1.0 - 2.0 * np.trapezoid(taxes / taxes[-1], incomes / incomes[-1]))


class HSV(NamedTuple):
    r"""The log-linear schedule $T(y) = y - \lambda y^{1 - \tau}$ fitted to data, and its explained variance."""

    level: float
    progressivity: float
    r_squared: float


def fit_hsv(income: ArrayLike, net_income: ArrayLike, people: ArrayLike | None = None) -> HSV:
    """Return the log-linear schedule closest to data: least squares of log income after on log income before taxes.

    Exact for a schedule of this form; ``progressivity`` is zero for a flat tax, and one where all net incomes are
    equal. ``level`` is in the unit of the incomes (divide them by their mean for a comparable level).

    Args:
        income: ``[N]`` before taxes and transfers; people without income before or after are left out.
        net_income: ``[N]`` after taxes and transfers.
        people: ``[N]`` weights, one each if not given.

    Raises:
        UserError: fewer than two different incomes above zero are left.

    Source: Heathcote, Storesletten and Violante 2017; Benabou 2002.
    """
    net, gross, mass = _three(net_income, income, people)
    kept = (net > 0) & (gross > 0)
    if np.unique(gross[kept]).size < 2:
        raise UserError("fit_hsv: expected at least two different incomes above zero, before and after taxes")
    return HSV(*log_linear_fit(gross[kept], net[kept], mass[kept]))


def progressivity_table(accounts_of: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row per policy: average rate, Kakwani, Reynolds-Smolensky and Suits indices, and the fitted schedule.

    Args:
        accounts_of: by policy, ``[N]`` arrays ``income`` and ``tax`` and, where available, ``rebate`` (used only by the
            fitted schedule) and the ``weight``, the number of people that an entry represents.
    """
    import pandas as pd

    rows = {policy: _row(accounts) for policy, accounts in accounts_of.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("policy")


def _row(accounts: Mapping[str, Any]) -> dict[str, float]:
    income, tax = arrays(accounts["income"])[0], arrays(accounts["tax"])[0]
    people = accounts.get("weight")
    schedule = fit_hsv(income, income - tax + arrays(accounts.get("rebate", 0.0))[0], people)
    return {
        "average_rate": float(np.average(tax, weights=people) / np.average(income, weights=people)),
        "kakwani": kakwani(income, tax, people),
        "reynolds_smolensky": reynolds_smolensky(income, tax, people),
        "suits": suits(income, tax, people),
        "hsv_progressivity": schedule.progressivity,
        "hsv_r_squared": schedule.r_squared,
    }


def _three(amount: ArrayLike, other: ArrayLike, people: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return two amounts of the same people and their shares of the population, ``[N]`` each."""
    if np.shape(amount) != np.shape(other):
        raise UserError(f"expected two amounts per person, found {np.size(amount)} and {np.size(other)}")
    values, mass = sample(amount, people)
    return values, sample(other, people)[0], mass


def _concentration(values: Floats, rank: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Return cumulative people and amounts, from zero, in the order of ``rank``; people of equal rank are one entry."""
    _, position = np.unique(rank, return_inverse=True)
    people, held = np.bincount(position, mass), np.bincount(position, mass * values)
    return np.append(0.0, people.cumsum()), np.append(0.0, held.cumsum())
