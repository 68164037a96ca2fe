"""The stationary equilibrium of the economy under a policy, paths between them, and households' exact choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor

from econsim.economies.bewley.ages import Ages, Pension
from econsim.economies.bewley.parameters import INSTRUMENTS, Parameters, Policy
from econsim.economies.bewley.shocks import shocks_of
from econsim.errors import UserError, did_you_mean
from econsim.households.equilibrium import Equilibrium, Stops, Taxes, stationary_equilibrium
from econsim.households.generation_paths import GenerationPath, generation_path
from econsim.households.life_cycle import LifeCycle
from econsim.households.lottery import Lottery
from econsim.households.overlapping_generations import Generations, generations_equilibrium
from econsim.households.policies import Policy as Choices
from econsim.households.problem import Household
from econsim.households.transitions import PERIODS, Transition, transition

__all__ = [
    "actions",
    "equilibrium_of",
    "generations",
    "generations_of",
    "generations_path",
    "household_of",
    "life_of",
    "path_of",
]


class Stretch(NamedTuple):
    """Some periods in which households expect the same policies.

    before: the policy at its start, for ``wait`` periods.
    after: the policy from then on, for ever.
    periods: the length of the stretch so far; the next one begins with news.
    """

    before: Policy
    wait: int
    after: Policy
    periods: int


Stretches: TypeAlias = tuple[Stretch, ...]

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
    try:
        return stationary_equilibrium(household_of(parameters), parameters.firm(), parameters.taxes(policy))
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
    parameters: Parameters, changes: Mapping[str, float], ends: tuple[Generations, Generations], *limits: Any
) -> GenerationPath:
    """Return the path from the first to the second of ``ends``, that of the changes; see :func:`generation_path`."""
    taxes = _reformed(parameters, changes)[1]
    return generation_path(household_of(parameters), parameters.firm(), taxes, *ends, *limits)


def _reformed(parameters: Parameters, changes: Mapping[str, float]) -> tuple[Ages, Taxes]:
    if parameters.life_cycle is None:
        raise UserError("life_cycle: households of this economy live for ever; set economy.life_cycle={}")
    known = (*INSTRUMENTS, "spending", "transfer", "contribution", "replacement")
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
        policies: known in each period so far, ``[B, T, 13]``, with the equilibrium of the first at the start: the one
            in force, the next one, and the number of periods until it is in force, zero where none is announced.
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
            chosen[selected] = _choices(case_of, stretches, *faced, None if ages is None else ages[selected])
        else:
            _check_no_taxes(stretches[-1].after)
            chosen[selected] = shocks.choices(*faced, capital[selected], times[selected]).expand(-1, -1, 2)
    return chosen


def _case(parameters: Parameters, names: list[str], row: list[float]) -> tuple[Parameters, Stretches]:
    """Return parameters, and the stretches of periods in which the same policies were expected."""
    changes: dict[str, float | None] = dict(zip(names, row[-len(names) :], strict=True))
    changes["labour_weight"] = changes["labour_weight"] or None
    width = 2 * len(INSTRUMENTS) + 1
    known = [_known(row[start : start + width]) for start in range(0, len(row) - len(names), width)]
    stretches = []
    for after, same in groupby(known, lambda each: each[2]):
        (before, wait, _), *later = same
        stretches.append(Stretch(before, wait, after, 1 + len(later)))
    return parameters.model_copy(update=changes), tuple(stretches)


def _known(row: list[float]) -> tuple[Policy, int, Policy]:
    """Return the policy in force, the periods until the next one is, and the next one; the same where there is none."""
    rates = [min(1.0, max(0.0, value)) for value in row[:-1]]
    count = len(INSTRUMENTS)
    before, after = (Policy(**dict(zip(INSTRUMENTS, each, strict=True))) for each in (rates[:count], rates[count:]))
    wait = int(row[-1])
    return (before, wait, after) if wait and after != before else (before, 0, before)


@lru_cache(maxsize=64)
def path_of(parameters: Parameters, stretches: Stretches) -> tuple[Equilibrium, Transition]:
    """Return where the transition to the last policy starts, and its path; all news came as a surprise.

    Args:
        parameters: of the economy.
        stretches: two or more; the first is that of the equilibrium.

    Raises:
        UserError: there is no such path; the message gives the reason.
    """
    *earlier, last = stretches
    if len(earlier) == 1:
        start = equilibrium_of(parameters, earlier[0].after)
    else:
        start = _later(parameters, *path_of(parameters, tuple(earlier)), earlier[-1].periods)
    before, after = parameters.taxes(last.before), parameters.taxes(last.after)
    in_force = [before] * last.wait + [after] * (PERIODS - last.wait)
    end = equilibrium_of(parameters, last.after)
    return start, transition(household_of(parameters), parameters.firm(), in_force, start, end)


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


def _choices(
    parameters: Parameters, stretches: Stretches, assets: Tensor, levels: Tensor, ages: Tensor | None
) -> Tensor:
    """Return the spent share of resources above the borrowing limit, and hours, between grid points as on a line."""
    last, periods = stretches[-1], stretches[-1].periods
    if len(stretches) > 1 and periods <= PERIODS:
        path = path_of(parameters, (*stretches[:-1], last._replace(periods=1)))[1]
        solved = Choices(*(each[periods - 1] for each in (path.consumption, path.hours, path.assets)))
    else:
        solved = equilibrium_of(parameters, last.after).policy
    problem = household_of(parameters)
    grid, values = (torch.from_numpy(each).to(assets) for each in (problem.grid, problem.chain.values))
    in_force = last.after if periods > last.wait else last.before
    spending = (1 + in_force.consumption_tax) * solved.consumption
    tables = [torch.from_numpy(each).to(assets) for each in (spending, solved.hours, solved.assets)]
    state = (levels[..., None] - values).abs().argmin(-1)
    if ages is not None:
        state = state + len(values) * ages  # rows of policies are by age, then productivity
    below = (torch.searchsorted(grid, assets.contiguous(), right=True) - 1).clamp(0, len(grid) - 2)
    weight = (assets - grid[below]) / (grid[below + 1] - grid[below])
    spent, hours, saved = ((1 - weight) * table[state, below] + weight * table[state, below + 1] for table in tables)
    return torch.stack([spent / (spent + saved - parameters.least), hours], -1)
