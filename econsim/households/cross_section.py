"""Households of one period: their wealth, and what they spend of a small transfer.

The same statistics describe a stationary equilibrium and the households of a game that was played, whatever their
policy: it is evaluated at every point of a grid of productivity and assets, and once more where each household is
richer by a one-time transfer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from econsim.households.chains import Floats
from econsim.households.facts import HALF_A_MONTH
from econsim.households.problem import Household
from econsim.households.statistics import constrained_share, gini, mean_between, quantile, top_share

__all__ = ["INEQUALITY", "SMALL_TRANSFER", "CrossSection", "cross_section_statistics", "own_little"]

SMALL_TRANSFER = 0.01
"""The one-time transfer of which the marginal propensity to consume is taken, a share of output per household."""

_FIFTHS = ("lowest", "second", "third", "fourth", "highest")
_WEALTH, _SPENT = "wealth", "marginal propensity to consume"
INEQUALITY = tuple(
    (_WEALTH, name) for name in ("Gini", "share of the top 1 %", "share of the top 10 %", "share of the bottom 50 %")
)
"""Statistics of wealth that are relative to its mean."""
_LITTLE = 0.1


@dataclass(frozen=True)
class CrossSection:
    """Households of one period by productivity and assets at its start, ``[S, G]`` each.

    mass: the share of the population.
    consumption: in units of output.
    saved: assets at the end of the period.
    income: labour income and interest before taxes.
    spent: the share of a one-time transfer of :data:`SMALL_TRANSFER` that is spent in the same period.
    """

    mass: Floats
    consumption: Floats
    saved: Floats
    income: Floats
    spent: Floats


def own_little(household: Household, section: CrossSection) -> bool:
    """Return whether debts nearly offset assets, less than a tenth of both together, so that shares say nothing."""
    held = section.mass * household.grid
    return abs(float(held.sum())) < _LITTLE * float(np.abs(held).sum())


def cross_section_statistics(household: Household, section: CrossSection) -> dict[tuple[str, str], float]:
    """Return statistics by group and name: wealth, consumption, and marginal propensities to consume."""
    mass, spent = section.mass, section.spent
    wealth = np.broadcast_to(household.grid, mass.shape)
    return {
        (_WEALTH, "share of the top 1 %"): top_share(wealth, mass, 0.01),
        (_WEALTH, "share of the top 10 %"): top_share(wealth, mass, 0.1),
        (_WEALTH, "share of the bottom 50 %"): 1 - top_share(wealth, mass, 0.5),
        (_WEALTH, "households who end at the borrowing limit"): constrained_share(
            household, section.saved, section.consumption, mass
        ),
        (_WEALTH, "hand to mouth: at most half a month's income"): float(
            mass[wealth <= HALF_A_MONTH * section.income].sum()
        ),
        (_WEALTH, "Gini"): gini(wealth, mass),
        ("consumption", "Gini"): gini(section.consumption, mass),
        (_SPENT, "mean"): float((mass * spent).sum() / mass.sum()),
        **{
            (_SPENT, name): quantile(spent, mass, share)
            for name, share in (("10th percentile", 0.1), ("median", 0.5), ("90th percentile", 0.9))
        },
        (_SPENT, "bottom half of wealth"): mean_between(spent, wealth, mass, 0.0, 0.5),
        (_SPENT, "top tenth of wealth"): mean_between(spent, wealth, mass, 0.9, 1.0),
        **{
            (f"{_SPENT} by wealth", f"{word} fifth"): mean_between(spent, wealth, mass, place / 5, (place + 1) / 5)
            for place, word in enumerate(_FIFTHS)
        },
    }
