"""Values of people of each age, and their best choices at prices that change over time.

Choices are ``[3, J, S, G]`` in a period: consumption, hours and assets of the next period, by age, productivity and
assets. The value of an age is that of the rest of a life from this age on, in which a person survives with the
probabilities of the life cycle and future utility is discounted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from econsim.households.chains import Floats
from econsim.households.life_cycle import LifeCycle
from econsim.households.lottery import Lottery
from econsim.households.overlapping_generations import age_choices
from econsim.households.policies import Policy
from econsim.households.problem import Budget, Household
from econsim.households.welfare import Value, period_utility

__all__ = ["by_age", "stationary_lives", "values_before", "write_best_choices"]


def by_age(policy: Policy, life: LifeCycle) -> Floats:
    """Return choices ``[3, J, S, G]`` from those ``[J * S, G]`` by age and productivity."""
    flat = np.stack([policy.consumption, policy.hours, policy.assets])
    choices: Floats = flat.reshape(3, life.ages, -1, flat.shape[-1])
    return choices


def write_best_choices(
    choices: Floats,
    household: Household,
    life: LifeCycle,
    budgets: Sequence[Sequence[Budget]],
    following: Floats,
    later: Budget,
) -> None:
    """Write the best choices of all periods, backward from a given end.

    Args:
        choices: ``[3, T, J, S, G]``, which are overwritten.
        household: preferences, productivity and the grid of assets.
        life: ages.
        budgets: of each period and age, ``T`` times ``J``.
        following: consumption ``[J, S, G]`` by age in the period after the last one.
        later: the budget of that period.
    """
    ones = np.ones(following.shape[1:])
    for period in reversed(range(len(budgets))):
        now = budgets[period]
        for age in range(life.ages):
            consumed = following[age + 1] if age + 1 < life.ages else ones
            choices[:, period, age] = age_choices(household, life, age, now[age], consumed, later)
        following, later = choices[0, period], now[0]


def stationary_lives(household: Household, life: LifeCycle, choices: Floats) -> list[Value]:
    """Return values ``[S, G]`` by age of choices ``[3, J, S, G]`` that are the same in all periods."""
    values: list[Value] = []  # from the last age on
    for age in reversed(range(life.ages)):
        values.append(_lived(household, life, age, choices[:, age], values[-1] if values else None))
    return values[::-1]


def values_before(household: Household, life: LifeCycle, choices: Floats, following: Sequence[Value]) -> list[Value]:
    """Return values by age of choices ``[3, J, S, G]`` in one period, given those by age in the next period."""
    later = [*following[1:], None]
    return [_lived(household, life, age, choices[:, age], later[age]) for age in range(life.ages)]


def _lived(household: Household, life: LifeCycle, age: int, choices: Floats, later: Value | None) -> Value:
    """Return the value of choices ``[3, S, G]`` at an age, given that at the next age; none after the last one."""
    now = period_utility(household, choices[0], choices[1])
    if later is None:
        return now
    law = Lottery(household.chain, household.grid, choices[2])
    weight = household.discount * life.survival[age]
    return Value(*(part + weight * law.expectation(then) for part, then in zip(now, later, strict=True)))
