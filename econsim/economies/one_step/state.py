"""The state of the one-step economy, and what of it a mind that reads may be told."""

from __future__ import annotations

from torch import Tensor

from econsim.game import tensors

__all__ = ["State", "planner_facts", "worker_facts"]


@tensors
class State:
    """The whole state; money in the scenario's unit."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, steps taken
    skill: Tensor  # [B, N] money per hour
    weight: Tensor  # [B, N] people per worker, mean 1
    rates: Tensor  # [B, K] marginal rates in force
    hours: Tensor  # [B, N] a week, last working step (as all below)
    income: Tensor  # [B, N] money
    tax: Tensor  # [B, N] money
    rebate: Tensor  # [B] money per person
    utility: Tensor  # [B, N]
    welfare: Tensor  # [B]


def worker_facts(state: State) -> dict[str, Tensor]:
    """Return a worker's skill, the rates ``[B, N, K]`` and the last working step, all else ``[B, N]``; views only."""
    everybody = state.skill.shape
    return {
        "time": state.time[:, None].expand(everybody),
        "skill": state.skill,
        "hours": state.hours,
        "income": state.income,
        "tax": state.tax,
        "rebate": state.rebate[:, None].expand(everybody),
        "utility": state.utility,
        "welfare": state.welfare[:, None].expand(everybody),
        "rates": state.rates[:, None, :].expand(*everybody, -1),
    }


def planner_facts(state: State) -> dict[str, Tensor]:
    """Return rates ``[B, 1, K]``; people's results ``[B, 1, N]`` and welfare ``[B, 1]`` of the last working step."""
    return {
        "time": state.time[:, None],
        "weights": state.weight[:, None, :],
        "hours": state.hours[:, None, :],
        "incomes": state.income[:, None, :],
        "utilities": state.utility[:, None, :],
        "welfare": state.welfare[:, None],
        "rates": state.rates[:, None, :],
    }
