r"""Decomposition of a change of welfare into levels, risk, distribution and hours.

The certainty equivalent $\bar c_i$ of a household is the constant consumption with the discounted utility that it
expects of its own; $\bar C$ is that of mean consumption, and $\bar c$ that of a household that does not yet know which
one it will be. Each factor is the ratio of its value after a change to that before it:

- levels: $\bar C$, mean consumption;
- risk: $\int \bar c_i / \bar C$, what households lose by fluctuations of their own consumption;
- distribution: $\bar c / \int \bar c_i$, what is lost by differences between households;
- hours: the rest, $1 + g$ divided by the ratio of $\bar c$, where $g$ is the consumption equivalent of the change.

Their product is $1 + g$ without a remainder, and logarithms add up. With fixed hours the last factor is one.

Source: Benabou (2002), Flodén (2001), with the utility of hours apart from that of consumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from econsim.households.chains import Floats
from econsim.households.problem import Household
from econsim.households.welfare import Value, consumption_equivalent

__all__ = ["Decomposition", "Population", "decomposition", "discounted_utility"]


@dataclass(frozen=True)
class Population:
    """Households at the time of comparison.

    value: discounted utility by state ``[S, G]``.
    mass: ``[S, G]``, the distribution.
    mean_utility: discounted utility of mean consumption (:func:`discounted_utility`).
    """

    value: Value
    mass: Floats
    mean_utility: float


@dataclass(frozen=True)
class Decomposition:
    """Gains by channel, each a share of consumption; their growth factors multiply to that of ``total``."""

    level: float
    risk: float
    distribution: float
    hours: float

    @property
    def total(self) -> float:
        """The consumption equivalent of the change."""
        return prod(1 + gain for gain in (self.level, self.risk, self.distribution, self.hours)) - 1


def decomposition(household: Household, before: Population, after: Population) -> Decomposition:
    """Return the gains from one population to another of the same preferences."""
    old, new = (_equivalents(household, each) for each in (before, after))
    level, risk, distribution = (now / then for then, now in zip(old, new, strict=True))
    was, now = (each.value.mean(each.mass) for each in (before, after))
    total = 1 + float(consumption_equivalent(household, was, now))
    hours = total / (level * risk * distribution)
    return Decomposition(level - 1, risk - 1, distribution - 1, hours - 1)


def discounted_utility(household: Household, consumption: Floats, for_ever: float) -> float:
    """Return the discounted utility of a path of consumption ``[T]`` that stays at ``for_ever`` after it."""
    path = np.append(consumption, for_ever)
    sigma, beta = household.risk_aversion, household.discount
    utility = np.log(path) if sigma == 1 else path ** (1 - sigma) / (1 - sigma)
    weight = beta ** np.arange(len(path))
    weight[-1] /= 1 - beta
    return float(weight @ utility)


def _equivalents(household: Household, population: Population) -> tuple[float, float, float]:
    """Return the equivalent of mean consumption, the mean of those of households over it, and that of all over them."""
    mass, of_each = population.mass, population.value.consumption
    level = float(_constant(household, np.asarray(population.mean_utility)))
    mean = float((mass * _constant(household, of_each)).sum())
    unborn = float(_constant(household, (mass * of_each).sum()))
    return level, mean / level, unborn / mean


def _constant(household: Household, utility: Floats) -> Floats:
    """Return the constant consumption with a discounted utility."""
    sigma, flow = household.risk_aversion, (1 - household.discount) * utility
    constant: Floats = np.exp(flow) if sigma == 1 else ((1 - sigma) * flow) ** (1 / (1 - sigma))
    return constant
