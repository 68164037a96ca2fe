"""State of the one-step economy, and the facts about it that prompts may state."""

from __future__ import annotations

from torch import Tensor

from econsim.game import tensors, tree_map

__all__ = ["State", "in_double", "planner_facts", "worker_facts"]


@tensors
class State:
    """Complete state of the economy; money is in the scenario's unit."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, steps taken
    skill: Tensor  # [B, N] money per hour
    weight: Tensor  # [B, N] people per worker, of mean 1
    rates: Tensor  # [B, K] marginal rates in force
    hours: Tensor  # [B, N] per week, in the last working step (as all below)
    income: Tensor  # [B, N] money
    tax: Tensor  # [B, N] money
    rebate: Tensor  # [B] money per person
    utility: Tensor  # [B, N]
    welfare: Tensor  # [B]


def in_double(state: State) -> State:
    """Return a state in double precision."""
    return tree_map(lambda leaf: leaf.double() if leaf.is_floating_point() else leaf, state)


def worker_facts(state: State) -> dict[str, Tensor]:
    """Return the workers' skill, rates ``[B, N, K]`` and last outcomes, ``[B, N]`` otherwise; without copying data."""
    shape = state.skill.shape
    return {
        "time": state.time[:, None].expand(shape),
        "skill": state.skill,
        "hours": state.hours,
        "income": state.income,
        "tax": state.tax,
        "rebate": state.rebate[:, None].expand(shape),
        "utility": state.utility,
        "welfare": state.welfare[:, None].expand(shape),
        "rates": state.rates[:, None, :].expand(*shape, -1),
    }


def planner_facts(state: State) -> dict[str, Tensor]:
    """Return rates ``[B, 1, K]``, workers' outcomes ``[B, 1, N]`` and welfare ``[B, 1]`` of the last working step."""
    return {
        "time": state.time[:, None],
        "weights": state.weight[:, None, :],
        "hours": state.hours[:, None, :],
        "incomes": state.income[:, None, :],
        "utilities": state.utility[:, None, :],
        "welfare": state.welfare[:, None],
        "rates": state.rates[:, None, :],
    }
