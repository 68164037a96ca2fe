r"""Values of households, and differences between them in consumption equivalents.

A household's value is the sum of a part of consumption and a part of hours, both discounted. A consumption equivalent
is the share $g$ by which consumption in every period and state of the baseline has to rise, at the same hours, for the
value to equal another one: with logarithmic utility $g = e^{(1 - \beta) (V' - V)} - 1$, otherwise
$g = ((V' - V_h) / V_c)^{1 / (1 - \sigma)} - 1$.

Source: Lucas (1987); Flodén (2001) for populations.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from econsim.households.chains import Floats
from econsim.households.lottery import Lottery
from econsim.households.policies import Policy
from econsim.households.problem import Household

__all__ = ["Value", "consumption_equivalent", "period_utility", "stationary_value", "value_before"]


class Value(NamedTuple):
    """Discounted utility by state, ``[S, G]``: the part of consumption and that of hours, which is not positive."""

    consumption: Floats
    hours: Floats

    @property
    def total(self) -> Floats:
        """The sum of both."""
        return self.consumption + self.hours

    def mean(self, mass: Floats) -> Value:
        """Return the mean over households, as two numbers: that of people of equal weight."""
        means = (np.asarray((mass * part).sum()) for part in self)
        return Value(*means)


def stationary_value(household: Household, policy: Policy) -> Value:
    """Return the value of following a policy for ever."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    law = Lottery(household.chain, household.grid, policy.assets)
    size, shape = policy.assets.size, policy.assets.shape
    system = eye_array(size, format="csc") - household.discount * law.matrix(shape[1])
    utilities = np.stack([part.T.ravel() for part in period_utility(household, policy.consumption, policy.hours)], -1)
    factors: Any = splu(system, permc_spec="NATURAL")
    solved = factors.solve(utilities, "T")
    return Value(*(np.ascontiguousarray(part.reshape(shape[::-1]).T) for part in solved.T))


def value_before(household: Household, consumption: Floats, hours: Floats, assets: Floats, following: Value) -> Value:
    """Return the value of periods with given choices, ``[T, S, G]`` each, before a stationary one."""
    for choices in reversed(list(zip(consumption, hours, assets, strict=True))):
        law = Lottery(household.chain, household.grid, choices[2])
        now = period_utility(household, *choices[:2])
        parts = zip(now, following, strict=True)
        following = Value(*(part + household.discount * law.expectation(later) for part, later in parts))
    return following


def consumption_equivalent(
    household: Household, before: Value, after: Value, periods: Floats | float | None = None
) -> Floats:
    """Return the consumption equivalent of ``after``; infinite where no rise of consumption is worth as much.

    ``periods`` is the discounted number of periods of the values, in their shape, by default that of an infinite life.
    """
    if household.risk_aversion == 1:
        lived = 1 / (1 - household.discount) if periods is None else periods
        gain: Floats = np.expm1((after.total - before.total) / lived)
        return gain
    ratio = (after.total - before.hours) / before.consumption
    power = 1 / (1 - household.risk_aversion)
    return np.asarray(np.where(ratio > 0, np.abs(ratio) ** power - 1, np.inf))


def period_utility(household: Household, consumption: Floats, hours: Floats) -> Value:
    """Return utility of one period, in the shape of ``consumption`` and ``hours``."""
    sigma, labour = household.risk_aversion, household.labour
    of_consumption = np.log(consumption) if sigma == 1 else consumption ** (1 - sigma) / (1 - sigma)
    if labour is None:
        return Value(of_consumption, np.zeros_like(of_consumption))
    power = 1 + labour.curvature
    return Value(of_consumption, -labour.weight * hours**power / power)
