"""Stationary equilibria as the result of a solver: prices, aggregates, and the distribution of households."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from econsim.households.cross_section import (
    INEQUALITY,
    SMALL_TRANSFER,
    CrossSection,
    cross_section_statistics,
    own_little,
)
from econsim.households.equilibrium import Equilibrium
from econsim.households.facts import US_WEALTH
from econsim.households.problem import Household
from econsim.households.statistics import certain_propensity, propensities
from econsim.learning import Quantity, Solution

__all__ = ["HouseholdSolution", "quantities", "stationary_section"]

_US = "net worth in the US (SCF 2022)"
_GROUPS = (
    "prices",
    "aggregates",
    "wealth",
    _US,
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
    means = solved.aggregates
    section = stationary_section(household, solved)
    depreciated = solved.output - means.consumption - means.spending
    statistics = cross_section_statistics(household, section)
    if own_little(household, section):
        statistics = {key: value for key, value in statistics.items() if key not in INEQUALITY}
    shares = {
        ("prices", "interest rate"): solved.interest_rate,
        ("aggregates", "saving rate"): depreciated / solved.output,
        ("aggregates", "labour tax at mean labour income"): 1 - means.labour_level,
        **{(_US, name): value for name, value in US_WEALTH.items() if name != "Gini"},
        **{key: value for key, value in statistics.items() if key[1] != "Gini"},
        ("marginal propensity to consume", "without risk, limit or choice of hours"): certain_propensity(
            household, solved.budget
        ),
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
        ("aggregates", "mean hours"): float((section.mass * solved.policy.hours).sum()),
        (_US, "Gini"): US_WEALTH["Gini"],
        **{key: value for key, value in statistics.items() if key[1] == "Gini"},
    }
    parts = ((shares, "share"), (amounts, unit), (plain, ""))
    rows = [Quantity(*key, value, kind) for part, kind in parts for key, value in part.items()]
    return tuple(sorted(rows, key=lambda row: _GROUPS.index(row.group)))


def stationary_section(household: Household, solved: Equilibrium) -> CrossSection:
    """Return the households of a stationary equilibrium."""
    policy, wealth = solved.policy, np.broadcast_to(household.grid, solved.distribution.shape)
    earned = solved.wage * household.chain.values[:, None] * policy.hours
    spent = propensities(household, solved.budget, policy, SMALL_TRANSFER * solved.output)
    income = earned + solved.interest_rate * wealth
    return CrossSection(solved.distribution, policy.consumption, policy.assets, income, spent)
