"""Tables of a solution with overlapping generations: prices, means, the pension, wealth and profiles by age."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from econsim.households.cross_section import SMALL_TRANSFER, CrossSection
from econsim.households.generation_gains import PathGains
from econsim.households.generation_paths import Ends, GenerationPath
from econsim.households.life_cycle import LifeCycle
from econsim.households.overlapping_generations import Generations, newborn_value
from econsim.households.problem import Household
from econsim.households.reforms import PATHS
from econsim.households.statistics import gini, propensities, top_share
from econsim.households.welfare import consumption_equivalent
from econsim.learning import Quantity, Series, Solution

__all__ = ["LifeCycleSolution", "along", "compared", "life_section", "path_series", "profiles", "quantities"]

_SHOWN = 8  # ages of a table, and fewer where lives are shorter
_SHARED_PATHS = "interest_rate", "wage", "output", "capital", "labour", "consumption", "spending"
_PATHS = {
    **{name: PATHS[name] for name in (*_SHARED_PATHS, "debt", "labour_level")},
    "transfer": ("transfer", None),
    "bequest": ("bequest", None),
    "contribution": ("contribution rate", "share"),
    "pension": ("pension", None),
}
"""Names and units of paths; ``None`` is the unit of output."""
_MOVED = 1e-9  # of a path that is shown
_ROUNDING = 1e-12  # of an amount, a share of output
_WORDS = {"spending": "public consumption", "revenue": "tax revenue", "transfer": "transfer"}


@dataclass(frozen=True)
class LifeCycleSolution(Solution):
    """The stationary equilibrium of overlapping generations, and that after a reform and the path, where there are."""

    equilibrium: Generations | None = None
    reformed: Generations | None = None
    path: GenerationPath | None = None
    gains: PathGains | None = None


def quantities(household: Household, found: Generations, unit: str) -> tuple[Quantity, ...]:
    """Return prices, means, the pension, wealth and profiles by age; ``unit`` is that of output."""
    life, solved = found.life, found.equilibrium
    wealth = np.broadcast_to(household.grid + found.bequest, solved.distribution.shape)
    mass = solved.distribution
    rows = [
        *_levels("", found, unit),
        Quantity("population", "growth per period", life.growth, "share"),
        Quantity("population", "expected age at death of a newborn", life.entry + life.expectancy, "periods"),
        Quantity("population", "retired", life.retired, "share"),
        *_pension("", found, unit),
        Quantity("wealth", "Gini", gini(wealth, mass)),
        Quantity("wealth", "share of the top 1 %", top_share(wealth, mass, 0.01), "share"),
        Quantity("wealth", "share of the top 10 %", top_share(wealth, mass, 0.1), "share"),
        Quantity("wealth", "share of the bottom 50 %", 1 - top_share(wealth, mass, 0.5), "share"),
        Quantity("wealth", "bequests in a period", found.bequest / solved.aggregates.assets, "share"),
    ]
    for name, profile in _by_age(household, found).items():
        rows += [
            Quantity(f"{name} by age", str(life.entry + age), float(profile[age]), unit) for age in _some(life.ages)
        ]
    return tuple(rows)


def compared(household: Household, before: Generations, after: Generations, unit: str) -> tuple[Quantity, ...]:
    """Return two equilibria beside each other, and what a birth into the second one is worth in consumption.

    The gain is the share by which consumption of a newborn, who does not know its productivity, would have to rise at
    every age in the first equilibrium.
    """
    (old, periods), (new, _) = newborn_value(household, before), newborn_value(household, after)
    gain = float(consumption_equivalent(household, old, new, periods))
    rows: list[Quantity] = []
    for words, found in (("before", before), ("after", after)):
        rows += [*_levels(f", {words}", found, unit), *_pension(f", {words}", found, unit)]
    return (*rows, Quantity("steady states compared", "gain of a newborn", gain, "share"))


def along(found: PathGains, life: LifeCycle) -> tuple[Quantity, ...]:
    """Return who gains along a path: people by their age in period 0, and the newborn of some periods."""
    rows = [Quantity("path", "people of period 0 who gain", found.winners, "share")]
    for name, gains, first in (
        ("gain by age in period 0", found.by_age, life.entry),
        ("gain of the newborn by period", found.newborns, 0),
    ):
        rows += [Quantity(name, str(first + at), float(gains[at]), "share") for at in _some(len(gains))]
    return tuple(rows)


def path_series(found: GenerationPath, gained: PathGains, ends: Ends, unit: str) -> tuple[Series, ...]:
    """Return the paths of prices and means that change, each with its value before and in the end, and gains."""
    first, last = (_at_rest(each) for each in ends)
    series = tuple(
        Series(words, unit if kind is None else kind, tuple(map(float, found.paths[name])), first[name], last[name])
        for name, (words, kind) in _PATHS.items()
        if np.ptp([first[name], *found.paths[name]]) > _MOVED
    )
    gains = tuple(map(float, gained.newborns))
    return (*series, Series("gain of the newborn", "share", gains, 0.0, gains[-1]))


def _at_rest(found: Generations) -> dict[str, float]:
    solved, means = found.equilibrium, found.equilibrium.aggregates
    levels = {name: getattr(solved, name) for name in ("interest_rate", "wage", "capital", "output")}
    of_means = "consumption", "spending", "transfer", "labour", "debt", "labour_level"
    levels |= {name: getattr(means, name) for name in of_means}
    return levels | {name: getattr(found, name) for name in ("bequest", "contribution", "pension")}


def _some(count: int) -> list[int]:
    """Return some numbers below ``count``, the first and the last among them."""
    return sorted(set(np.linspace(0, count - 1, min(_SHOWN, count)).round().astype(int).tolist()))


def profiles(household: Household, found: Generations, reformed: Generations | None, unit: str) -> tuple[Series, ...]:
    """Return means by age, and those after a reform where there is one."""
    first, after = found.life.entry, _by_age(household, reformed) if reformed is not None else {}
    return tuple(
        Series(name, unit, _numbers(profile), None, None, "age", first, _numbers(after[name]) if after else None)
        for name, profile in _by_age(household, found).items()
    )


def life_section(household: Household, found: Generations) -> CrossSection:
    """Return the households of a stationary equilibrium, by age and productivity; wealth is that before the bequest."""
    life, solved = found.life, found.equilibrium
    rows = np.arange(len(solved.distribution)) // household.chain.states
    earned = solved.wage * life.productivity(household.chain)[:, None] * solved.policy.hours
    pension = np.where(rows >= life.retirement, found.pension, 0.0)[:, None]
    income = earned + solved.interest_rate * (household.grid + found.bequest) + pension
    spent = propensities(household, solved.budget, solved.policy, SMALL_TRANSFER * solved.output)
    return CrossSection(solved.distribution, solved.policy.consumption, solved.policy.assets, income, spent)


def _numbers(profile: np.ndarray) -> tuple[float, ...]:
    return tuple(map(float, profile))


def _by_age(household: Household, found: Generations) -> dict[str, np.ndarray]:
    """Return means ``[J]``; assets are those at the start of a period, without the bequest."""
    life, solved = found.life, found.equilibrium
    policy, shape = solved.policy, solved.distribution.shape
    earned = solved.wage * life.productivity(household.chain)[:, None] * policy.hours
    return {
        "consumption": found.by_age(policy.consumption),
        "assets": found.by_age(np.broadcast_to(household.grid, shape)),
        "labour income": found.by_age(earned),
    }


def _levels(words: str, found: Generations, unit: str) -> Iterator[Quantity]:
    solved, means = found.equilibrium, found.equilibrium.aggregates
    hours = float((solved.distribution * solved.policy.hours).sum()) / (1 - found.life.retired)
    yield Quantity(f"prices{words}", "interest rate", solved.interest_rate, "share")
    yield Quantity(f"prices{words}", "wage of effective labour", solved.wage, unit)
    group = f"aggregates per person{words}"
    yield Quantity(group, "output", solved.output, unit)
    yield Quantity(group, "capital", solved.capital, unit)
    yield Quantity(group, "capital over output", solved.capital / solved.output)
    yield Quantity(group, "consumption", means.consumption, unit)
    for name in ("spending", "revenue", "transfer"):
        amount = getattr(means, name)
        is_rounding = abs(amount) < _ROUNDING * solved.output
        yield Quantity(group, _WORDS[name], 0.0 if is_rounding else amount, unit)
    yield Quantity(group, "bequest", found.bequest, unit)
    if means.debt:
        yield Quantity(group, "public debt", means.debt, unit)
    if means.labour_level != 1:
        yield Quantity(group, "labour tax at mean labour income", 1 - means.labour_level, "share")
    yield Quantity(group, "hours of workers", hours)


def _pension(words: str, found: Generations, unit: str) -> Iterator[Quantity]:
    solved, group = found.equilibrium, f"pension{words}"
    yield Quantity(group, "contribution rate", found.contribution, "share")
    yield Quantity(group, "replacement rate", found.replacement, "share")
    yield Quantity(group, "pension", found.pension, unit)
    paid_in = found.contribution * solved.wage * solved.aggregates.labour
    yield Quantity(group, "contributions per person", paid_in, unit)
    yield Quantity(group, "pensions per person", found.pension * found.life.retired, unit)
