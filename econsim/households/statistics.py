"""Statistics of a distribution of households: inequality, marginal propensities to consume, constrained households."""

from __future__ import annotations

import numpy as np

from econsim.households.chains import Floats
from econsim.households.policies import Policy
from econsim.households.problem import Budget, Household

__all__ = [
    "certain_propensity",
    "constrained_share",
    "gini",
    "lorenz",
    "mean_between",
    "propensities",
    "quantile",
    "top_share",
]

_NOTHING = 1e-5


def lorenz(amount: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Return cumulated shares of households and of the amount, from the lowest amount, each starting at zero."""
    order = np.argsort(amount, axis=None, kind="stable")
    people, held = mass.ravel()[order], (mass * amount).ravel()[order]
    return tuple(np.append(0.0, np.cumsum(part) / part.sum()) for part in (people, held))  # type: ignore[return-value]


def gini(amount: Floats, mass: Floats) -> float:
    """Return the Gini index of an amount, with weights ``mass`` of the same shape."""
    people, held = lorenz(amount, mass)
    return float(1 - np.sum(np.diff(people) * (held[1:] + held[:-1])))


def top_share(amount: Floats, mass: Floats, share: float) -> float:
    """Return the share of the amount that the top ``share`` of households have."""
    people, held = lorenz(amount, mass)
    return float(1 - np.interp(1 - share, people, held))


def quantile(amount: Floats, mass: Floats, share: float) -> float:
    """Return the lowest amount that at least ``share`` of households do not exceed."""
    order = np.argsort(amount, axis=None, kind="stable")
    people = np.cumsum(mass.ravel()[order])
    return float(amount.ravel()[order[np.searchsorted(people, share * people[-1] * (1 - 1e-12))]])


def propensities(household: Household, budget: Budget, policy: Policy, amount: float) -> Floats:
    """Return the share ``[S, G]`` of a one-time transfer of ``amount`` that is spent in the same period."""
    spent = (1 + budget.consumption_tax) * policy.consumption
    grid = household.grid
    richer = grid + amount / budget.gross_return  # cash at hand rises by the gross return on assets
    after = np.stack([np.interp(richer, grid, row) for row in spent])
    slope = (spent[:, -1] - spent[:, -2]) / (grid[-1] - grid[-2])
    after = np.where(richer > grid[-1], spent[:, -1:] + slope[:, None] * (richer - grid[-1]), after)
    share: Floats = (after - spent) / amount
    return share


def certain_propensity(household: Household, budget: Budget) -> float:
    r"""Return the marginal propensity to consume without risk, a borrowing limit or a choice of hours.

    Consumption grows by $(\beta R)^{1 / \sigma}$ a period, so that $1 - (\beta R)^{1 / \sigma} / R$ of a transfer is
    spent at once; this is $r / (1 + r)$, permanent income, where $\beta R = 1$.
    """
    growth = (household.discount * budget.gross_return) ** (1 / household.risk_aversion)
    return float(1 - growth / budget.gross_return)


def constrained_share(household: Household, saved: Floats, consumption: Floats, mass: Floats) -> float:
    """Return the share of households that hold assets at the borrowing limit in the next period (hand to mouth).

    In play the least that households can save is a millionth of their resources, which counts as nothing.
    """
    return float(mass[saved - household.grid[0] <= _NOTHING * consumption].sum())


def mean_between(amount: Floats, rank_by: Floats, mass: Floats, low: float, high: float) -> float:
    """Return the mean of an amount over households between two ranks, shares of the population from the lowest."""
    order = np.argsort(rank_by, axis=None, kind="stable")
    people = mass.ravel()[order]
    ends = np.cumsum(people)
    within = np.clip(np.minimum(ends, high) - np.maximum(ends - people, low), 0.0, None)
    return float(within @ amount.ravel()[order] / within.sum())
