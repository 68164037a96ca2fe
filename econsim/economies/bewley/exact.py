"""The stationary equilibrium of the economy under a policy, and households' exact policy in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor

from econsim.economies.bewley.parameters import INSTRUMENTS, Parameters, Policy
from econsim.economies.bewley.shocks import shocks_of
from econsim.errors import UserError
from econsim.households.equilibrium import Equilibrium, stationary_equilibrium
from econsim.households.problem import Household

__all__ = ["actions", "equilibrium_of", "household_of"]

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
    try:
        return stationary_equilibrium(household_of(parameters), parameters.firm(), parameters.taxes(policy))
    except UserError as error:
        changed = ", ".join(f"{name} {value:g}" for name, value in policy.model_dump().items() if value)
        raise UserError(f"economy bewley, policy {changed or 'without taxes'}: {error}") from None


def actions(
    parameters: Parameters,
    numbers: Mapping[str, Tensor],
    policy: Tensor,
    assets: Tensor,
    levels: Tensor,
    capital: Tensor,
    times: Tensor,
) -> Tensor:
    """Return the exact share of resources spent and hours ``[B, N, 2]``, float64.

    Args:
        parameters: of the economy.
        numbers: its numeric parameters, ``[B]`` each, which replace those of ``parameters``.
        policy: in force, ``[B, 6]``.
        assets: ``[B, N]``.
        levels: of productivity, ``[B, N]``.
        capital: per household, ``[B]``, and
        times: ``[B]`` int64, which matter under aggregate shocks.
    """
    rows = torch.cat([policy.double().cpu(), torch.stack([value.cpu() for value in numbers.values()], -1)], -1)
    rows = (rows * 10**DECIMALS).round() / 10**DECIMALS
    cases, case = rows.unique(dim=0, return_inverse=True)
    chosen = torch.empty((*assets.shape, 2), dtype=torch.float64, device=assets.device)
    for index, row in enumerate(cases.tolist()):
        selected = (case == index).to(assets.device)
        case_of, policy_of = _case(parameters, list(numbers), row)
        faced = assets[selected], levels[selected]
        if (shocks := shocks_of(case_of)) is None:
            chosen[selected] = _choices(case_of, policy_of, *faced)
        else:
            _check_no_taxes(policy_of)
            chosen[selected] = shocks.choices(*faced, capital[selected], times[selected]).expand(-1, -1, 2)
    return chosen


def _case(parameters: Parameters, names: list[str], row: list[float]) -> tuple[Parameters, Policy]:
    instruments = [min(1.0, max(0.0, value)) for value in row[: len(INSTRUMENTS)]]
    changes: dict[str, float | None] = dict(zip(names, row[len(INSTRUMENTS) :], strict=True))
    changes["labour_weight"] = changes["labour_weight"] or None
    return parameters.model_copy(update=changes), Policy(**dict(zip(INSTRUMENTS, instruments, strict=True)))


def _check_no_taxes(policy: Policy) -> None:
    for name, value in policy.model_dump().items():
        if value and name != "spending_share":
            raise UserError(
                f"exact households under aggregate shocks know an economy without taxes, and {name} is {value:g}; set"
                " it to zero, or let other agents play"
            )


def _choices(parameters: Parameters, policy: Policy, assets: Tensor, levels: Tensor) -> Tensor:
    """Return the spent share of resources above the borrowing limit, and hours, between grid points as on a line."""
    solved, problem = equilibrium_of(parameters, policy), household_of(parameters)
    grid, values = (torch.from_numpy(each).to(assets) for each in (problem.grid, problem.chain.values))
    spending = (1 + policy.consumption_tax) * solved.policy.consumption
    tables = [torch.from_numpy(each).to(assets) for each in (spending, solved.policy.hours, solved.policy.assets)]
    state = (levels[..., None] - values).abs().argmin(-1)
    below = (torch.searchsorted(grid, assets.contiguous(), right=True) - 1).clamp(0, len(grid) - 2)
    weight = (assets - grid[below]) / (grid[below + 1] - grid[below])
    spent, hours, saved = ((1 - weight) * table[state, below] + weight * table[state, below + 1] for table in tables)
    return torch.stack([spent / (spent + saved - parameters.least), hours], -1)
