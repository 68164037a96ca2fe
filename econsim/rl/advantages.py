"""Generalised advantage estimation for players who act at some steps only."""

from __future__ import annotations

import torch
from torch import Tensor


def advantages(
    reward: Tensor,
    value: Tensor,
    acting: Tensor,
    terminated: Tensor,
    cut: Tensor,
    value_at_cut: Tensor,
    gamma: float,
    gae_lambda: float,
) -> tuple[Tensor, Tensor]:
    """Return advantages and value targets, both ``[T, B, N]``.

    If every player acts at every step, this is equation 16 of Schulman et al. (2016), "High-dimensional continuous
    control using generalized advantage estimation". The rewards at steps at which a player does not act are credited to
    the step at which it last acted, discounted by time but not by ``gae_lambda``, so that a leader is credited with
    everything that happens until it acts again.

    Args:
        reward: ``[T, B, N]``.
        value: estimated returns from each step, ``[T, B, N]``.
        acting: ``[T, B, N]`` bool, whether the player acts at the step.
        terminated: ``[T, B]`` bool, whether the episode terminates with this step.
        cut: ``[T, B]`` bool, whether the record ends with this step although the game continues (at the time limit, or
            at the end of a rollout).
        value_at_cut: estimated returns from the observation after a cut, ``[T, B, N]``; only read at cuts.
        gamma: discount factor per step.
        gae_lambda: weight of longer returns; 1 uses the full observed returns.
    """
    advantage, target = torch.zeros_like(reward), torch.zeros_like(reward)
    next_value, next_advantage = torch.zeros_like(reward[0]), torch.zeros_like(reward[0])
    for step in reversed(range(reward.shape[0])):
        over, stopped = terminated[step][:, None], cut[step][:, None]
        follows = torch.where(stopped, value_at_cut[step], next_value).masked_fill(over, 0.0)
        carried = gamma * next_advantage.masked_fill(over | stopped, 0.0)
        gain = reward[step] + gamma * follows
        target[step] = gain + gae_lambda * carried
        advantage[step] = target[step] - value[step]
        next_value = torch.where(acting[step], value[step], gain)
        next_advantage = torch.where(acting[step], advantage[step], carried)
    return advantage, target
