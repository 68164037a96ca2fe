"""The stationary equilibrium of the economy under a policy, paths between them, and households' exact choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Any, TypeAlias

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

Stretches: TypeAlias = tuple[tuple[Policy, int], ...]
"""Policies, each with the number of periods in which it is in force."""

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
        policies: in force in each period so far, ``[B, T, 6]``, with the equilibrium of the first at the start.
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
            _check_no_taxes(stretches[-1][0])
            chosen[selected] = shocks.choices(*faced, capital[selected], times[selected]).expand(-1, -1, 2)
    return chosen


def _case(parameters: Parameters, names: list[str], row: list[float]) -> tuple[Parameters, Stretches]:
    """Return parameters, and policies with the number of periods in which each was in force."""
    changes: dict[str, float | None] = dict(zip(names, row[-len(names) :], strict=True))
    changes["labour_weight"] = changes["labour_weight"] or None
    rates = [min(1.0, max(0.0, value)) for value in row[: -len(names)]]
    in_force = (tuple(rates[start : start + len(INSTRUMENTS)]) for start in range(0, len(rates), len(INSTRUMENTS)))
    stretches = (
        (Policy(**dict(zip(INSTRUMENTS, values, strict=True))), len(list(same))) for values, same in groupby(in_force)
    )
    return parameters.model_copy(update=changes), tuple(stretches)


@lru_cache(maxsize=64)
def path_of(parameters: Parameters, stretches: Stretches) -> tuple[Equilibrium, Transition]:
    """Return where the transition to the last policy starts, and its path; the policies before were surprises too.

    Args:
        parameters: of the economy.
        stretches: two policies or more, each with the number of periods in which it was in force.

    Raises:
        UserError: there is no such path; the message gives the reason.
    """
    *earlier, (policy, _) = stretches
    if len(earlier) == 1:
        start = equilibrium_of(parameters, earlier[0][0])
    else:
        start = _later(parameters, *path_of(parameters, tuple(earlier)), earlier[-1][1])
    household, taxes, end = household_of(parameters), parameters.taxes(policy), equilibrium_of(parameters, policy)
    return start, transition(household, parameters.firm(), [taxes] * PERIODS, start, end)


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
    policy, periods = stretches[-1]
    if len(stretches) > 1 and periods <= PERIODS:
        path = path_of(parameters, (*stretches[:-1], (policy, 1)))[1]
        solved = Choices(*(each[periods - 1] for each in (path.consumption, path.hours, path.assets)))
    else:
        solved = equilibrium_of(parameters, policy).policy
    problem = household_of(parameters)
    grid, values = (torch.from_numpy(each).to(assets) for each in (problem.grid, problem.chain.values))
    spending = (1 + policy.consumption_tax) * solved.consumption
    tables = [torch.from_numpy(each).to(assets) for each in (spending, solved.hours, solved.assets)]
    state = (levels[..., None] - values).abs().argmin(-1)
    if ages is not None:
        state = state + len(values) * ages  # rows of policies are by age, then productivity
    below = (torch.searchsorted(grid, assets.contiguous(), right=True) - 1).clamp(0, len(grid) - 2)
    weight = (assets - grid[below]) / (grid[below + 1] - grid[below])
    spent, hours, saved = ((1 - weight) * table[state, below] + weight * table[state, below + 1] for table in tables)
    return torch.stack([spent / (spent + saved - parameters.least), hours], -1)
