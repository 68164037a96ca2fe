"""Gains along a path with overlapping generations, in consumption equivalents for the rest of a life.

Gains are those of people by their age in period 0, and of the newborn of each period, who do not know their
productivity.

Source: Auerbach and Kotlikoff (1987), "Dynamic Fiscal Policy".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.generation_paths import GenerationPath
from econsim.households.life_cycle import expected_periods
from econsim.households.life_values import by_age, stationary_lives, values_before
from econsim.households.overlapping_generations import Generations
from econsim.households.problem import Household
from econsim.households.welfare import Value, consumption_equivalent

__all__ = ["PathGains", "path_gains"]


@dataclass(frozen=True)
class PathGains:
    """Gains along a path, shares of consumption.

    by_age: ``[J]``, by age in period 0.
    newborns: ``[T]``, of those who are born in each period.
    winners: the share of people of period 0 who gain, each in its own state.
    """

    by_age: Floats
    newborns: Floats
    winners: float


def path_gains(household: Household, before: Generations, after: Generations, path: GenerationPath) -> PathGains:
    """Return the gains of a path from one stationary equilibrium to another.

    Raises:
        UserError: somebody who is alive has nothing to consume.
    """
    life, states = before.life, household.chain.states
    old, last = (by_age(each.equilibrium.policy, life) for each in (before, after))
    if min(old[0].min(), path.choices[0].min(), last[0].min()) <= 0:
        raise UserError(
            "the gains of a path are not known where retired people without assets have neither a pension nor bequests;"
            " give them one of both before and after the reform"
        )
    first, value = (stationary_lives(household, life, each) for each in (old, last))
    periods = path.choices.shape[1]
    born = np.empty((periods, 2))
    for period in reversed(range(periods)):
        value = values_before(household, life, path.choices[:, period], value)
        born[period] = [float(life.newborns @ part[:, 0]) for part in value[0]]
    left = expected_periods(life, household.discount)
    mass = before.equilibrium.distribution.reshape(life.ages, states, -1)
    people = mass / mass.sum((1, 2), keepdims=True)
    gains = [
        consumption_equivalent(household, was.mean(share), now.mean(share), lived)
        for was, now, share, lived in zip(first, value, people, left, strict=True)
    ]
    birth = Value(*(np.asarray(life.newborns @ part[:, 0]) for part in first[0]))
    newborns = [consumption_equivalent(household, birth, Value(*map(np.asarray, each)), left[0]) for each in born]
    won = sum(float(share[now.total > was.total].sum()) for was, now, share in zip(first, value, mass, strict=True))
    return PathGains(np.array(gains, float), np.array(newborns, float), won)
