"""Exploration by the leader, so that followers also learn to respond to schedules that it does not announce yet."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.game import Agent, Box, Game, Memory, Observation, Role, Space
from econsim.nn import ActorCritic, Choices
from econsim.nn.agent import like_features

FLAT_SHARE = 0.5


class Drawing:
    """A policy network that draws its actions as in training, whatever the setting ``deterministic`` is."""

    def __init__(self, network: ActorCritic) -> None:
        self.network = network

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Return an empty memory."""
        return self.network.first_memory(num_envs, role.count, game.device)[:1]

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Draw actions ``[B, N, ...]``."""
        distribution, memory = self.network.policy(self.network.sees(observation), memory)
        return like_features(self.network.head.action(distribution.sample(key, "drawing")), observation), memory


class Exploring:
    """A leader that plays the actions of ``leader``, but in a ``share`` of the environment copies broad draws."""

    def __init__(self, leader: Agent, space: Space, share: float) -> None:
        self.leader = leader
        self.space = space
        self.share = share

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Start the leader and return its memory."""
        return self.leader.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return the leader's actions ``[B, N, ...]``."""
        action, memory = self.leader.act(observation, memory, key)
        broad = broad_draw(self.space, observation, random.fold(key, "broad"))
        explores = random.uniform(key, 0, "explores") < self.share
        return torch.where(explores.view(-1, *[1] * (action.ndim - 1)), broad, action), memory


def broad_draw(space: Space, observation: Observation, key: Tensor) -> Tensor:
    """Draw actions ``[B, N, ...]`` from the whole action space.

    The entries of a real-valued action are uniform; they are independent in half of the environment copies and all
    equal in the other half, because flat taxes are rare among independent draws. Options are uniform over legal ones.
    """
    players = observation.alive.shape[1]
    if not isinstance(space, Box):
        equal_logits = torch.zeros((*observation.alive.shape, space.mask_size), device=key.device)
        return Choices(space).distribution(equal_logits, observation.action_mask).sample(key, "any")
    independent = random.uniform(key, 0, "apart", (players, space.size))
    flat = random.uniform(key, 0, "flat", (players, 1)).expand_as(independent)
    is_flat = random.uniform(key, 0, "is_flat") < FLAT_SHARE
    share = torch.where(is_flat[:, None, None], flat, independent).reshape(-1, players, *space.shape)
    return like_features(space.low + (space.high - space.low) * share, observation)
