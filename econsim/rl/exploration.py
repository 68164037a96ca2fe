"""A leader that tries things out, so that followers learn to answer announcements it does not make yet."""

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
    """A neural mind that draws its actions as in training, whatever it does once it is trained."""

    def __init__(self, network: ActorCritic) -> None:
        self.network = network

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Return an empty memory."""
        return self.network.first_memory(num_envs, role.count, game.device)[:1]

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return drawn actions."""
        distribution, memory = self.network.policy(self.network.sees(observation), memory)
        return like_features(self.network.head.action(distribution.sample(key, "drawing")), observation), memory


class Exploring:
    """A leader that makes ``leader``'s announcements, and in a ``share`` of the copies broad draws instead."""

    def __init__(self, leader: Agent, space: Space, share: float) -> None:
        self.leader = leader
        self.space = space
        self.share = share

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Start the leader and return its memory."""
        return self.leader.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return announcements ``[B, N, ...]``."""
        own, memory = self.leader.act(observation, memory, key)
        broad = broad_draw(self.space, observation, random.fold(key, "broad"))
        explores = random.uniform(key, 0, "explores") < self.share
        return torch.where(explores.view(-1, *[1] * (own.ndim - 1)), broad, own), memory


def broad_draw(space: Space, observation: Observation, key: Tensor) -> Tensor:
    """Return actions from all over the space, ``[B, N, ...]``.

    Real numbers are uniform, independent in half of the copies and all equal in the other half (flat taxes are rare
    among independent draws); choices are uniform over the legal ones.
    """
    players = observation.alive.shape[1]
    if not isinstance(space, Box):
        indifferent = torch.zeros((*observation.alive.shape, space.mask_size), device=key.device)
        return Choices(space).distribution(indifferent, observation.action_mask).sample(key, "any")
    apart = random.uniform(key, 0, "apart", (players, space.size))
    flat = random.uniform(key, 0, "flat", (players, 1)).expand_as(apart)
    is_flat = random.uniform(key, 0, "is_flat") < FLAT_SHARE
    share = torch.where(is_flat[:, None, None], flat, apart).reshape(-1, players, *space.shape)
    return like_features(space.low + (space.high - space.low) * share, observation)
