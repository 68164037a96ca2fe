"""Means by age in the last period of a path, by policy and set of households, beside those of an equilibrium."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import numpy as np

from econsim.households.chains import Floats
from econsim.households.exploitability import AGE, HouseholdPath
from econsim.households.life_cycle import LifeCycle
from econsim.households.overlapping_generations import Generations
from econsim.households.problem import Household

__all__ = ["Profiles", "ages_of"]


def ages_of(by_type: dict[str, float]) -> dict[str, float]:
    """Return what a table of types says of groups of ages."""
    return {name: value for name, value in by_type.items() if name.startswith(AGE)}


class Profiles:
    """Means by age of consumption, assets at the start of a period and, where they are chosen, hours."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[dict[str, list[float]]]] = {}

    def add(self, household: Household, path: HouseholdPath, policy: str, response: str) -> None:
        """Add the last period of a path; nothing is added where households live for ever."""
        if path.lives is None or path.last is None:
            return
        choices = path.consumption[-1], path.hours[-1]
        of_path = _means(household, path.lives.life, path.last.mass, *choices)
        self._found.setdefault((policy, response), []).append(of_path)

    def beside(self, household: Household, solved: Generations) -> dict[str, Any]:
        """Return all means over seeds, as plain data, and those of an equilibrium.

        Returns:
            ``first``, the first age; ``rows``, by policy, response and name; and ``stationary``, by name, ``[J]`` each.
        """
        rows: dict[str, dict[str, dict[str, list[float]]]] = {}
        for (policy, response), of_seeds in self._found.items():
            rows.setdefault(policy, {})[response] = {
                name: [fmean(each) for each in zip(*(seed[name] for seed in of_seeds), strict=True)]
                for name in of_seeds[0]
            }
        choices = solved.equilibrium.policy
        mass = solved.equilibrium.distribution
        stationary = _means(household, solved.life, mass, choices.consumption, choices.hours)
        return {"first": solved.life.entry, "rows": rows, "stationary": stationary}


def _means(
    household: Household, life: LifeCycle, mass: Floats, consumption: Floats, hours: Floats
) -> dict[str, list[float]]:
    amounts = {"consumption": consumption, "assets": np.broadcast_to(household.grid, mass.shape)}
    if household.labour is not None:
        amounts["hours"] = hours
    people = mass.reshape(life.ages, -1)
    return {
        name: ((people * amount.reshape(people.shape)).sum(1) / people.sum(1)).tolist()
        for name, amount in amounts.items()
    }
