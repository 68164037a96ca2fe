"""Learning of the leader by the derivative of its return through whole episodes.

The total derivative includes the response of the followers, whose policy reads the leader's action and the aggregates
that follow from it. The partial one, of the published alternating scheme, holds the followers' actions fixed. Proposals
are the leader's most likely action plus noise, another one in each environment copy, all with the same shocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.game import Agent, Game
from econsim.nn import Amounts
from econsim.nn.encoders import Seen
from econsim.rl.schedules import Schedule, value_at
from econsim.rl.settings import Settings
from econsim.rl.train_state import TrainState
from econsim.training.mean_field.follower_learning import most_likely

__all__ = ["Leader", "climb", "returns_of_proposals"]


class Leader(Settings):
    """Learning settings of the leading role; those of PPO are used with ``leader_learns_by: value``."""

    learning_rate: Schedule = ((0.0, 2e-3), (1.0, 0.0))
    """Step size of Adam; a schedule. A leader that moves faster than its followers learn exploits their mistakes."""
    final_exploration: float = Field(default=-3.0, ge=-10, le=2)
    """Log standard deviation of real-valued proposals at the end of training, before they are squashed into bounds."""
    epochs: int = Field(default=10, ge=1)
    """Number of passes over each batch (``value``)."""
    minibatches: int = Field(default=1, ge=1)
    """Number of minibatches into which a batch is split (``value``)."""


def climb(
    game: Game[Any],
    agents: Mapping[str, Agent],
    followers: Mapping[str, TrainState],
    leader: TrainState,
    key: Tensor,
    total: bool,
    share_done: float,
) -> dict[str, float]:
    """Take a step of the leader's policy along the derivative of its return; return statistics.

    Args:
        game: the game, whose aggregates have derivatives.
        agents: the agent of each role; those that do not learn play unchanged, without derivatives.
        followers: the training states of learning followers.
        leader: that of the leader.
        key: ``[C]``, of the proposals; the first is that of the episode's shocks, the same in all copies.
        total: whether the derivative includes the followers' response.
        share_done: share of training done, in [0, 1].
    """
    returns = returns_of_proposals(game, agents, followers, leader, key, total)
    weights = [weight for name, weight in leader.network.named_parameters() if name.startswith("policy")]
    for weight, slope in zip(weights, torch.autograd.grad(-returns.mean(), weights), strict=True):
        weight.grad = slope
    norm = torch.nn.utils.clip_grad_norm_(weights, leader.settings.max_gradient_norm)
    leader.optimiser.step(value_at(leader.settings.learning_rate, share_done))
    leader.optimiser.zero_grad()
    return {"return": float(returns.detach().mean()), "gradient_norm": float(norm)}


def returns_of_proposals(
    game: Game[Any],
    agents: Mapping[str, Agent],
    followers: Mapping[str, TrainState],
    leader: TrainState,
    key: Tensor,
    total: bool,
) -> Tensor:
    """Return the discounted returns of the leader's proposals ``[C]``, with derivatives."""
    common = key[:1].expand_as(key)
    others = [name for name in game.roles if name != leader.role and name not in followers]
    memories = {name: agents[name].start(game, game.roles[name], len(key)) for name in others}
    state, returns = game.reset(common), torch.zeros(len(key), dtype=torch.float64, device=key.device)
    for time in range(game.horizon):
        seen, actions = game.observe(state), {}
        with torch.no_grad():
            for name in others:
                draw = random.fold(random.fold(common, name), time)
                actions[name], memories[name] = agents[name].act(seen[name], memories[name], draw)
        actions[leader.role] = _proposals(leader, Seen.of(seen[leader.role]), key, time)
        for name, train_state in followers.items():
            chosen = most_likely(train_state.network, Seen.of(seen[name]))
            actions[name] = chosen if total else chosen.detach()
        transition = game.step(state, actions)
        returns = returns + game.discount**time * transition.rewards[leader.role].double().sum(-1)
        state = transition.state
    return returns


def _proposals(leader: TrainState, seen: Seen, key: Tensor, time: int) -> Tensor:
    """Return proposals ``[C, 1, *shape]``: the most likely action, in latents, plus noise."""
    network = leader.network
    distribution = network.policy(seen)[0]
    assert isinstance(network.head, Amounts)
    return network.head.action(distribution.sample(random.fold(key, time), "mean_field/proposals"))
