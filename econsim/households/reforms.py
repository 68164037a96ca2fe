"""A permanent reform of taxes: the path to the new stationary equilibrium, and gains in consumption equivalents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from econsim.households.chains import Floats
from econsim.households.decomposition import Decomposition, Population, decomposition, discounted_utility
from econsim.households.equilibrium import Equilibrium, Stops, Taxes, Technology, stationary_equilibrium
from econsim.households.problem import Household
from econsim.households.statistics import mean_between
from econsim.households.transitions import Transition, transition
from econsim.households.welfare import Value, consumption_equivalent, stationary_value, value_before
from econsim.learning import Quantity, Series, Solution

__all__ = ["PATHS", "Reform", "ReformSolution", "reform", "reform_quantities", "reform_series"]

_TENTHS = np.arange(10) / 10
PATHS = {
    "interest_rate": ("interest rate", "share"),
    "wage": ("wage of effective labour", None),
    "output": ("output", None),
    "capital": ("capital", None),
    "labour": ("effective labour", ""),
    "consumption": ("consumption", None),
    "spending": ("public consumption", None),
    "transfer": ("transfer to every household", None),
    "debt": ("public debt", None),
    "labour_level": ("share of mean labour income kept after tax", "share"),
}
"""Title and unit of each path; ``None`` is the unit of output."""
"""Names and units of paths; ``None`` is the unit of output."""


@dataclass(frozen=True)
class Reform:
    """A reform that households learn of in period 0.

    gains: ``[S, G]``, consumption equivalents of the path for a household that is in each state in period 0.
    gain: that of all households, at equal weights, who do not know their state.
    steady_state_gain: the same for a birth into the final instead of the first equilibrium: no path is counted.
    winners: the share of households who gain.
    channels: of ``gain``, and those of ``steady_state_gain``.
    values: of households in the two equilibria, by state.
    """

    before: Equilibrium
    after: Equilibrium
    path: Transition
    gains: Floats
    gain: float
    steady_state_gain: float
    winners: float
    channels: tuple[Decomposition, Decomposition]
    values: tuple[Value, Value]


@dataclass(frozen=True)
class ReformSolution(Solution):
    """The path after a reform; ``household`` is the problem of its households."""

    household: Household | None = None
    reform: Reform | None = None


def reform(
    household: Household,
    technology: Technology,
    taxes: tuple[Taxes, Taxes],
    announced: int = 0,
    periods: int = 300,
    tolerance: float = 1e-8,
    stops: Stops = lambda done, message: False,
) -> Reform:
    """Return the path and the gains of a change from the first to the second ``taxes``.

    Args:
        household: preferences, productivity and the grid of assets.
        technology: of the representative firm.
        taxes: before and after.
        announced: the number of periods between the announcement, in period 0, and the change.
        periods: of the path.
        tolerance: of the conditions of the path, relative.
        stops: takes the number of evaluations and a message, and returns whether to stop.

    Raises:
        UserError: there is no equilibrium before or after, or no path was found; the message gives the reason.
    """
    before, after = (stationary_equilibrium(household, technology, each, stops=stops) for each in taxes)
    in_force = [taxes[0]] * announced + [taxes[1]] * (periods - announced)
    path = transition(household, technology, in_force, before, after, tolerance, stops)
    old, new = (stationary_value(household, each.policy) for each in (before, after))
    along = value_before(household, path.consumption, path.hours, path.assets, new)
    gains = consumption_equivalent(household, old, along)
    mass = before.distribution
    at_birth = [
        consumption_equivalent(household, old.mean(mass), value)
        for value in (along.mean(mass), new.mean(after.distribution))
    ]
    gain, steady = (float(each) for each in at_birth)
    then, finally_, nothing = before.aggregates.consumption, after.aggregates.consumption, np.empty(0)
    now = Population(old, mass, discounted_utility(household, nothing, then))
    on_the_path = Population(along, mass, discounted_utility(household, path.paths["consumption"], finally_))
    in_the_end = Population(new, after.distribution, discounted_utility(household, nothing, finally_))
    channels = decomposition(household, now, on_the_path), decomposition(household, now, in_the_end)
    return Reform(before, after, path, gains, gain, steady, float(mass[gains > 0].sum()), channels, (old, new))


def reform_quantities(household: Household, found: Reform, unit: str) -> tuple[Quantity, ...]:
    """Return levels before, in period 0 and in the final equilibrium, and gains; ``unit`` is that of output."""
    rows = []
    for title, values in _levels(found).items():
        for name, value in values.items():
            if name == "debt" and not found.path.paths["debt"].any():
                continue
            words, kind = PATHS[name]
            rows.append(Quantity(title, words, value, unit if kind is None else kind))
    people, compared = "welfare along the path", "steady states compared"
    rows += _gains(people, found.gain, found.channels[0])
    rows.append(Quantity(people, "households who gain", found.winners, "share"))
    rows += _gains(compared, found.steady_state_gain, found.channels[1])
    for title, gains in deciles(household, found).items():
        rows += [Quantity(title, f"decile {number}", gain, "share") for number, gain in enumerate(gains, 1)]
    return tuple(rows)


def _gains(title: str, gain: float, channels: Decomposition) -> list[Quantity]:
    """Return the gain of all households and its channels."""
    rows = [Quantity(title, "gain of all, not knowing their state", gain, "share")]
    names = ("level", "risk", "distribution", "hours")
    return rows + [Quantity(title, f"of which {name}", getattr(channels, name), "share") for name in names]


def deciles(household: Household, found: Reform) -> dict[str, list[float]]:
    """Return gains by decile of wealth and of productivity, lowest first.

    Along the path they are mean gains of the households of period 0. Between the two steady states a decile of the
    second is compared with the same decile of the first: other people, each decile at equal weights. Households of the
    same wealth, or productivity, count with their mean where a limit of a decile divides them.
    """
    along, compared = {}, {}
    for name, axis, levels in (("wealth", 0, household.grid), ("productivity", 1, household.chain.values)):
        before, after = (
            _by_decile(value, at.distribution, axis, levels)
            for value, at in zip(found.values, (found.before, found.after), strict=True)
        )
        along[f"gain by {name}"] = _by_decile((found.gains,), found.before.distribution, axis, levels)[0].tolist()
        of_groups = consumption_equivalent(household, Value(*before), Value(*after))
        compared[f"long run by {name}"] = of_groups.tolist()
    return along | compared


def _by_decile(amounts: Sequence[Floats], mass: Floats, axis: int, levels: Floats) -> list[Floats]:
    """Return the mean of each of the amounts ``[S, G]`` by decile of what the other ``axis`` stands for, ``[10]``."""
    people = mass.sum(axis)
    means = [(mass * amount).sum(axis) / np.where(people > 0, people, 1.0) for amount in amounts]
    return [np.array([mean_between(each, levels, people, low, low + 0.1) for low in _TENTHS]) for each in means]


def reform_series(found: Reform, unit: str, shown: int) -> tuple[Series, ...]:
    """Return the first ``shown`` periods of all paths that change, each with its value before and in the end."""
    levels = _levels(found)
    first, last = levels["before"], levels["final equilibrium"]
    return tuple(
        Series(words, unit if kind is None else kind, tuple(found.path.paths[name][:shown]), first[name], last[name])
        for name, (words, kind) in PATHS.items()
        if np.ptp([first[name], *found.path.paths[name]]) > 1e-9
    )


def _levels(found: Reform) -> dict[str, dict[str, float]]:
    at_once = {name: float(found.path.paths[name][0]) for name in PATHS}
    return {
        "before": _of_equilibrium(found.before),
        "period 0": at_once,
        "final equilibrium": _of_equilibrium(found.after),
    }


def _of_equilibrium(at: Equilibrium) -> dict[str, float]:
    means = at.aggregates
    levels = {"interest_rate": at.interest_rate, "wage": at.wage, "output": at.output, "capital": at.capital}
    names = ("labour", "consumption", "spending", "transfer", "debt", "labour_level")
    return levels | {name: getattr(means, name) for name in names}
