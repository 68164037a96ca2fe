"""Marginal social welfare weights: those of a welfare function, and those under which a schedule is optimal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from econsim.analysis.inequality import Floats, arrays, sample
from econsim.analysis.inequality.density import kernel_density
from econsim.analysis.taxation.skills import revealed_log_skill
from econsim.analysis.welfare.functions import FUNCTIONS, numbers_of
from econsim.errors import UserError, did_you_mean
from econsim.mechanisms.welfare import marginal_weights as weights_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["inverse_optimum", "marginal_weights"]


def marginal_weights(
    function: str | Callable[[Mapping[str, Tensor]], Tensor],
    accounts: Mapping[str, Any],
    marginal_utility: ArrayLike = 1.0,
) -> Floats:
    """Return the marginal social welfare weight of each person's money, ``[N]``, with mean one over people.

    Args:
        function: a name of :data:`FUNCTIONS`, or a differentiable function of the same accounts.
        accounts: as :func:`welfare_table` reads them.
        marginal_utility: the marginal utility of money, ``[N]``; one where utility is money.

    Raises:
        UserError: no such function, or its derivative is zero for everybody.
    """
    if isinstance(function, str) and function not in FUNCTIONS:
        raise UserError(f"no welfare function {function!r}{did_you_mean(function, FUNCTIONS)}")
    welfare = FUNCTIONS[function] if isinstance(function, str) else function
    numbers = numbers_of(accounts)

    def welfare_with(lump_sum: Tensor) -> Tensor:
        of_money = torch.as_tensor(arrays(marginal_utility)[0]) * lump_sum
        raised = {"utility": numbers["utility"] + of_money, "consumption": numbers["consumption"] + lump_sum}
        return welfare({**numbers, **raised})

    gain = weights_of(welfare_with, numbers["utility"])
    people = numbers["weight"]
    if not bool(gain.isfinite().all()) or float(gain.sum()) <= 0:
        raise UserError(
            "marginal_weights: the welfare function does not increase in anybody's money, or is undefined here"
        )
    return np.asarray(gain / people * people.sum() / gain.sum())


def inverse_optimum(
    income: ArrayLike,
    marginal_rate: ArrayLike,
    elasticity: float,
    people: ArrayLike | None = None,
    groups: int = 10,
) -> pd.DataFrame:
    r"""Return the welfare weights under which a schedule is optimal, by group.

    Without income effects and with one elasticity $e$ (quasi-linear isoelastic workers), a schedule is optimal where
    at every skill $w$ the people above have $\sum (1 - g) = e / (1 + e) \, \phi(\log w) T' / (1 - T')$, with the
    density $\phi$ of log skill; skills are those implied by incomes. A group's mean weight is one minus the
    difference of these sums at its ends over its share of people. Negative weights mean that rates exceed the
    revenue-maximising rate, so that everybody could gain.

    Args:
        income: ``[N]``; those without income belong to the lowest group.
        marginal_rate: ``[N]`` below one, of each person.
        elasticity: of income to the net-of-tax rate.
        people: ``[N]`` weights, one each if not given.
        groups: number of groups of equal size, by income.

    Returns:
        One row per group: ``group`` (1 the lowest), ``mean_income`` and ``weight``, one on average.

    Raises:
        UserError: a rate of one or more, an elasticity that is not positive, incomes that are all the same, or more
            people without income than the lowest group has.

    Source: Bourguignon and Spadaro 2012, from the first-order condition of Diamond 1998 and Saez 2001.
    """
    import pandas as pd

    earned, mass = sample(income, people, "income")
    rates, _ = sample(np.broadcast_to(arrays(marginal_rate)[0], np.shape(income)), people, "marginal_rate")
    _check_inverse(earned, mass, rates, elasticity, groups)
    order = np.argsort(earned, kind="stable")
    earned, mass, rates = earned[order], mass[order], rates[order]
    ends = np.arange(1, groups) / groups
    above = np.concatenate([[0.0], _taken_above(earned, mass, rates, elasticity, ends), [0.0]])
    held = np.interp(
        np.arange(groups + 1) / groups, np.append(0.0, mass.cumsum()), np.append(0.0, (mass * earned).cumsum())
    )
    columns = {"mean_income": np.diff(held) * groups, "weight": 1.0 + groups * np.diff(above)}
    return pd.DataFrame(columns, index=pd.RangeIndex(1, groups + 1, name="group")).reset_index()


def _taken_above(earned: Floats, mass: Floats, rates: Floats, elasticity: float, ends: Floats) -> Floats:
    """Return ``sum (1 - g)`` over people above the population shares ``ends``; incomes are sorted."""
    working = earned > 0
    log_skill = revealed_log_skill(earned[working], rates[working], elasticity)
    position = (mass.cumsum() - 0.5 * mass)[working]
    density = kernel_density(np.interp(ends, position, log_skill), log_skill, mass[working])
    rate = np.interp(ends, position, rates[working])
    return elasticity / (1.0 + elasticity) * density * rate / (1.0 - rate)


def _check_inverse(earned: Floats, mass: Floats, rates: Floats, elasticity: float, groups: int) -> None:
    if elasticity <= 0:
        raise UserError(f"elasticity: expected a number above 0, found {elasticity}")
    if (rates >= 1).any():
        raise UserError("marginal_rate: expected fractions below 1; no finite weights justify a rate of one")
    if (earned == earned[0]).all():
        raise UserError("income: everybody has the same, so that incomes reveal no distribution of skills")
    idle = float(mass[earned <= 0].sum())
    if groups < 2 or idle >= 1.0 / groups:
        raise UserError(
            f"groups: {idle:.0%} of people have no income, more than the lowest of {groups} groups contains"
        )
