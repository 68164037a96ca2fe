"""The stationary equilibrium of the economy under a policy, paths between them, and households' exact choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from econsim.economies.bewley.ages import Ages, Pension
from econsim.economies.bewley.parameters import AMOUNTS, INSTRUMENTS, Parameters, Policy, policy_of
from econsim.economies.bewley.shocks import shocks_of
from econsim.errors import UserError, did_you_mean
from econsim.households.equilibrium import Equilibrium, Stops, Taxes, stationary_equilibrium
from econsim.households.generation_paths import Ends, GenerationPath, Rules, generation_path, later
from econsim.households.life_cycle import LifeCycle
from econsim.households.lottery import Lottery
from econsim.households.overlapping_generations import Generations, generations_equilibrium
from econsim.households.policies import Policy as Choices
from econsim.households.problem import Household
from econsim.households.transitions import PERIODS, Transition, transition

__all__ = [
    "Regime",
    "actions",
    "equilibrium_of",
    "generations",
    "generations_of",
    "generations_path",
    "household_of",
    "life_of",
    "path_of",
]


class Regime(NamedTuple):
    """A policy in an economy whose pension, where there is one, is that of the policy."""

    economy: Parameters
    policy: Policy

    @property
    def rules(self) -> Rules:
        """The taxes and the life cycle."""
        life = life_of(self.economy)
        assert life is not None
        return Rules(self.economy.taxes(self.policy), life)


class Stretch(NamedTuple):
    """Some periods in which households expect the same policies.

    before: the policy at its start, for ``wait`` periods.
    after: the policy from then on, for ever.
    periods: the length of the stretch so far; the next one begins with news.
    """

    before: Regime
    wait: int
    after: Regime
    periods: int


Stretches: TypeAlias = tuple[Stretch, ...]

_LIVES = 3  # the longest lives after which the economy has to be in the final equilibrium of a path
DECIMALS = 6
"""Policies and parameters that agree to this many decimals are solved once."""


@lru_cache(maxsize=256)
def household_of(parameters: Parameters) -> Household:
    """Return the household's problem, with its chain of productivity and grid of assets, made once."""
    return parameters.household()


@lru_cache(maxsize=256)
def equilibrium_of(parameters: Parameters, policy: Policy) -> Equilibrium:
    """Return the stationary equilibrium under a policy.

    Raises:
        UserError: there is none; the message gives the reason.
    """
    if parameters.life_cycle is not None:
        return generations_of(parameters, policy).equilibrium
    return solved(parameters, policy)


def solved(
    parameters: Parameters,
    policy: Policy,
    tolerance: float = 1e-9,
    stops: Stops = lambda done, message: False,
) -> Equilibrium:
    """Return the stationary equilibrium of infinitely lived households under a policy.

    Raises:
        UserError: there is none, or it was not found to the tolerance; the message names the policy and the reason.
    """
    household, firm, taxes = household_of(parameters), parameters.firm(), parameters.taxes(policy)
    try:
        return stationary_equilibrium(household, firm, taxes, tolerance, stops=stops)
    except UserError as error:
        raise _under(policy, error) from None


@lru_cache(maxsize=256)
def generations_of(parameters: Parameters, policy: Policy) -> Generations:
    """Return the stationary equilibrium of the life cycle under a policy.

    Raises:
        UserError: there is none; the message gives the reason.
    """
    life = life_of(parameters)
    assert life is not None
    try:
        return generations_equilibrium(household_of(parameters), life, parameters.firm(), parameters.taxes(policy))
    except UserError as error:
        raise _under(policy, error) from None


def _under(policy: Policy, error: UserError) -> UserError:
    changed = ", ".join(f"{name} {value:g}" for name, value in policy.model_dump().items() if value)
    return UserError(f"economy bewley, policy {changed or 'without taxes'}: {error}")


def life_of(parameters: Parameters) -> LifeCycle | None:
    """Return the life cycle; ``None`` where households live for ever."""
    ages = parameters.life_cycle
    return None if ages is None else ages.life(household_of(parameters).chain)


def generations(parameters: Parameters, changes: Mapping[str, float], tolerance: float, stops: Stops) -> Generations:
    """Return the stationary equilibrium of the life cycle with some instruments or the rate of the pension changed.

    Raises:
        UserError: there is no life cycle, no such instrument or rate, a value that is not allowed, or no equilibrium.
    """
    ages, taxes = _reformed(parameters, changes)
    household = household_of(parameters)
    return generations_equilibrium(household, ages.life(household.chain), parameters.firm(), taxes, tolerance, stops)


def generations_path(
    parameters: Parameters,
    changes: Mapping[str, float],
    ends: Ends,
    announced: int,
    periods: int,
    stops: Stops,
) -> GenerationPath:
    """Return the path from the first to the second of ``ends``, that of the changes, which come ``announced`` later."""
    before, after = (
        Rules(_reformed(parameters, each)[1], end.life) for each, end in zip(({}, changes), ends, strict=True)
    )
    rules = [before] * announced + [after] * (periods - announced)
    return generation_path(household_of(parameters), parameters.firm(), rules, *ends, stops=stops)


def _reformed(parameters: Parameters, changes: Mapping[str, float]) -> tuple[Ages, Taxes]:
    if parameters.life_cycle is None:
        raise UserError("life_cycle: households of this economy live for ever; set economy.life_cycle={}")
    known = (*INSTRUMENTS, *AMOUNTS, "contribution", "replacement")
    for name in changes:
        if name not in known:
            raise UserError(f"reform: bewley with life_cycle has no instrument {name!r}{did_you_mean(name, known)}")
    of_pension = {name: value for name, value in changes.items() if name in Pension.model_fields}
    taxes = parameters.reformed({name: value for name, value in changes.items() if name not in of_pension})
    return parameters.life_cycle.reformed(of_pension), taxes


def actions(
    parameters: Parameters,
    numbers: Mapping[str, Tensor],
    policies: Tensor,
    assets: Tensor,
    levels: Tensor,
    capital: Tensor,
    times: Tensor,
    ages: Tensor | None = None,
) -> Tensor:
    """Return the exact share of resources spent and hours ``[B, N, 2]``, float64.

    Args:
        parameters: of the economy.
        numbers: its numeric parameters, ``[B]`` each, which replace those of ``parameters``.
        policies: known in each period so far, ``[B, T, 2 P + 1]``, with the equilibrium of the first at the start: the
            one in force, the next one, and the number of periods until it is in force, zero where none is announced.
        assets: ``[B, N]``.
        levels: of productivity, ``[B, N]``.
        capital: per household, ``[B]``, and
        times: ``[B]`` int64, which matter under aggregate shocks.
        ages: ``[B, N]`` int64, from zero at birth; with a life cycle only.
    """
    rows = torch.cat(
        [policies.double().cpu().flatten(1), torch.stack([value.cpu() for value in numbers.values()], -1)], -1
    )
    rows = (rows * 10**DECIMALS).round() / 10**DECIMALS
    cases, case = rows.unique(dim=0, return_inverse=True)
    chosen = torch.empty((*assets.shape, 2), dtype=torch.float64, device=assets.device)
    for index, row in enumerate(cases.tolist()):
        selected = (case == index).to(assets.device)
        case_of, stretches = _case(parameters, list(numbers), row)
        faced = assets[selected], levels[selected]
        if (shocks := shocks_of(case_of)) is None:
            chosen[selected] = _choices(stretches, *faced, None if ages is None else ages[selected])
        else:
            _check_no_taxes(stretches[-1].after.policy)
            chosen[selected] = shocks.choices(*faced, capital[selected], times[selected]).expand(-1, -1, 2)
    return chosen


def _case(parameters: Parameters, names: list[str], row: list[float]) -> tuple[Parameters, Stretches]:
    """Return parameters, and the stretches of periods in which the same policies were expected."""
    changes: dict[str, float | None] = dict(zip(names, row[-len(names) :], strict=True))
    changes["labour_weight"] = changes["labour_weight"] or None
    economy, width = parameters.model_copy(update=changes), 2 * len(parameters.status_quo_rates) + 1
    known = [_known(economy, row[start : start + width]) for start in range(0, len(row) - len(names), width)]
    stretches = []
    for after, same in groupby(known, lambda each: each[2]):
        (before, wait, _), *others = same
        stretches.append(Stretch(before, wait, after, 1 + len(others)))
    return economy, tuple(stretches)


def _known(economy: Parameters, row: list[float]) -> tuple[Regime, int, Regime]:
    """Return the policy in force, the periods until the next one is, and the next one; the same where there is none."""
    rates = [min(1.0, max(0.0, value)) for value in row[:-1]]
    count = len(rates) // 2
    before, after = (_regime(economy, each) for each in (rates[:count], rates[count:]))
    wait = int(row[-1])
    return (before, wait, after) if wait and after != before else (before, 0, before)


def _regime(economy: Parameters, rates: list[float]) -> Regime:
    of_pension = rates[len(INSTRUMENTS) :]
    return Regime(economy.with_pension(of_pension[0]) if of_pension else economy, policy_of(rates))


@lru_cache(maxsize=64)
def path_of(stretches: Stretches) -> tuple[Equilibrium, Transition]:
    """Return where the transition to the last policy starts, and its path; all news came as a surprise.

    Args:
        stretches: two or more; the first is that of the equilibrium.

    Raises:
        UserError: there is no such path; the message gives the reason.
    """
    *earlier, last = stretches
    parameters = last.after.economy
    if len(earlier) == 1:
        start = equilibrium_of(*earlier[0].after)
    else:
        start = _later(parameters, *path_of(tuple(earlier)), earlier[-1].periods)
    before, after = (each.economy.taxes(each.policy) for each in (last.before, last.after))
    in_force = [before] * last.wait + [after] * (PERIODS - last.wait)
    end = equilibrium_of(*last.after)
    return start, transition(household_of(parameters), parameters.firm(), in_force, start, end)


@lru_cache(maxsize=8)
def life_path_of(stretches: Stretches) -> tuple[Generations, GenerationPath]:
    """Return what :func:`path_of` returns, with a life cycle; choices are those of the periods of an episode."""
    *earlier, last = stretches
    parameters = last.after.economy
    household = household_of(parameters)
    if len(earlier) == 1:
        start = generations_of(*earlier[0].after)
    else:
        start = later(household, *life_path_of(tuple(earlier)), earlier[-1].periods)
    end = generations_of(*last.after)
    periods = _LIVES * end.life.ages
    rules = [last.before.rules] * last.wait + [last.after.rules] * periods
    found = generation_path(household, parameters.firm(), rules, start, end)
    return start, replace(found, choices=found.choices[:, : parameters.periods].copy())


def _later(parameters: Parameters, start: Equilibrium, path: Transition, periods: int) -> Equilibrium:
    """Return the state of a path after some of its periods, in which a transition can start."""
    household, mass = household_of(parameters), start.distribution
    for assets in path.assets[:periods]:
        mass = Lottery(household.chain, household.grid, assets)(mass)
    debt = float(path.paths["debt"][min(periods, PERIODS - 1)])
    return replace(start, distribution=mass, aggregates=replace(start.aggregates, debt=debt))


def _check_no_taxes(policy: Policy) -> None:
    for name, value in policy.model_dump().items():
        if value and name != "spending_share":
            raise UserError(
                f"exact households under aggregate shocks know an economy without taxes, and {name} is {value:g}; set"
                " it to zero, or let other agents play"
            )


def _on_path(stretches: Stretches) -> Choices:
    """Return the choices of this period, on the path to the last policy or in its equilibrium."""
    last, periods = stretches[-1], stretches[-1].periods
    news = (*stretches[:-1], last._replace(periods=1))
    if len(stretches) > 1 and (ages := last.after.economy.life_cycle) is not None:
        if periods <= last.wait + _LIVES * ages.count:
            tables = life_path_of(news)[1].choices[:, periods - 1]
            return Choices(*tables.reshape(3, -1, tables.shape[-1]))
    elif len(stretches) > 1 and periods <= PERIODS:
        path = path_of(news)[1]
        return Choices(*(each[periods - 1] for each in (path.consumption, path.hours, path.assets)))
    return equilibrium_of(*last.after).policy


def _choices(stretches: Stretches, assets: Tensor, levels: Tensor, ages: Tensor | None) -> Tensor:
    """Return the spent share of resources above the borrowing limit, and hours, between grid points as on a line."""
    last, solved = stretches[-1], _on_path(stretches)
    problem = household_of(last.after.economy)
    grid, values = (torch.from_numpy(each).to(assets) for each in (problem.grid, problem.chain.values))
    in_force = last.after if last.periods > last.wait else last.before
    spending = (1 + in_force.policy.consumption_tax) * solved.consumption
    tables = [torch.from_numpy(each).to(assets) for each in (spending, solved.hours, solved.assets)]
    state = (levels[..., None] - values).abs().argmin(-1)
    if ages is not None:
        state = state + len(values) * ages  # rows of policies are by age, then productivity
    below = (torch.searchsorted(grid, assets.contiguous(), right=True) - 1).clamp(0, len(grid) - 2)
    weight = (assets - grid[below]) / (grid[below + 1] - grid[below])
    spent, hours, saved = ((1 - weight) * table[state, below] + weight * table[state, below + 1] for table in tables)
    return torch.stack([spent / (spent + saved - last.after.economy.least), hours], -1)
