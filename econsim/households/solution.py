"""Stationary equilibria as the result of a solver: prices, aggregates, and the distribution of households."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from econsim.households.equilibrium import Equilibrium
from econsim.households.facts import HALF_A_MONTH, US_WEALTH
from econsim.households.problem import Household
from econsim.households.statistics import (
    certain_propensity,
    constrained_share,
    gini,
    mean_between,
    propensities,
    quantile,
    top_share,
)
from econsim.learning import Quantity, Solution

__all__ = ["HouseholdSolution", "quantities"]

SMALL_TRANSFER = 0.01
"""The one-time transfer of which the marginal propensity to consume is taken, a share of output per household."""

_FIFTHS = ("lowest", "second", "third", "fourth", "highest")
_GROUPS = (
    "prices",
    "aggregates",
    "wealth",
    "net worth in the US (SCF 2022)",
    "consumption",
    "marginal propensity to consume",
    "marginal propensity to consume by wealth",
)


@dataclass(frozen=True)
class HouseholdSolution(Solution):
    """The stationary equilibrium of an economy of households who save.

    Attributes:
        household: the problem of its households, with the grid of assets.
        equilibrium: prices, policy ``[S, G]`` and distribution ``[S, G]``.
    """

    household: Household | None = None
    equilibrium: Equilibrium | None = None


def quantities(household: Household, solved: Equilibrium, unit: str) -> tuple[Quantity, ...]:
    """Return prices, aggregates and statistics of an equilibrium; ``unit`` is that of output."""
    means, mass, policy = solved.aggregates, solved.distribution, solved.policy
    wealth = np.broadcast_to(household.grid, mass.shape)
    spent = propensities(household, solved.budget, policy, SMALL_TRANSFER * solved.output)
    earned = solved.wage * household.chain.values[:, None] * policy.hours
    income = earned + solved.interest_rate * wealth
    depreciated = solved.output - means.consumption - means.spending
    shares = {
        ("prices", "interest rate"): solved.interest_rate,
        ("aggregates", "saving rate"): depreciated / solved.output,
        ("aggregates", "labour tax at mean labour income"): 1 - means.labour_level,
        ("wealth", "share of the top 1 %"): top_share(wealth, mass, 0.01),
        ("wealth", "share of the top 10 %"): top_share(wealth, mass, 0.1),
        ("wealth", "share of the bottom 50 %"): 1 - top_share(wealth, mass, 0.5),
        ("wealth", "households who end at the borrowing limit"): constrained_share(household, policy, mass),
        ("wealth", "hand to mouth: at most half a month's income"): float(mass[wealth <= HALF_A_MONTH * income].sum()),
        **{("net worth in the US (SCF 2022)", name): value for name, value in US_WEALTH.items() if name != "Gini"},
        ("marginal propensity to consume", "mean"): float((mass * spent).sum()),
        **{
            ("marginal propensity to consume", name): quantile(spent, mass, share)
            for name, share in (("10th percentile", 0.1), ("median", 0.5), ("90th percentile", 0.9))
        },
        ("marginal propensity to consume", "without risk, limit or choice of hours"): certain_propensity(
            household, solved.budget
        ),
        ("marginal propensity to consume", "bottom half of wealth"): mean_between(spent, wealth, mass, 0.0, 0.5),
        ("marginal propensity to consume", "top tenth of wealth"): mean_between(spent, wealth, mass, 0.9, 1.0),
        **{
            ("marginal propensity to consume by wealth", f"{word} fifth"): mean_between(
                spent, wealth, mass, place / 5, (place + 1) / 5
            )
            for place, word in enumerate(_FIFTHS)
        },
    }
    amounts = {
        ("prices", "wage of effective labour"): solved.wage,
        ("aggregates", "output"): solved.output,
        ("aggregates", "capital"): solved.capital,
        ("aggregates", "consumption"): means.consumption,
        ("aggregates", "public consumption"): means.spending,
        ("aggregates", "tax revenue"): means.revenue,
        ("aggregates", "public debt"): means.debt,
        ("aggregates", "transfer to every household"): means.transfer,
    }
    plain = {
        ("aggregates", "capital over output"): solved.capital / solved.output,
        ("aggregates", "mean hours"): float((mass * policy.hours).sum()),
        ("wealth", "Gini"): gini(wealth, mass),
        ("net worth in the US (SCF 2022)", "Gini"): US_WEALTH["Gini"],
        ("consumption", "Gini"): gini(policy.consumption, mass),
    }
    parts = ((shares, "share"), (amounts, unit), (plain, ""))
    rows = [Quantity(*key, value, kind) for part, kind in parts for key, value in part.items()]
    return tuple(sorted(rows, key=lambda row: _GROUPS.index(row.group)))
