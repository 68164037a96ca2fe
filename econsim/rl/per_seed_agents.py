"""Agents of several seeds in one batch, each for its own environment copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from econsim.game import Agent, Game, Memory, Observation, Role
from econsim.nn.stacked import parted


class PerSeedAgents:
    """Agents that divide the environment copies evenly, in order; the memory is the tuple of their memories."""

    def __init__(self, agents: Sequence[Agent]) -> None:
        self.agents = agents

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Start every agent with its own environment copies."""
        return tuple(agent.start(game, role, num_envs // len(self.agents)) for agent in self.agents)

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return the actions of each agent in its own environment copies."""
        count = len(self.agents)
        calls = zip(self.agents, parted(observation, count), memory, key.chunk(count), strict=True)
        results = [agent.act(seen, before, keys) for agent, seen, before, keys in calls]
        return torch.cat([action for action, _ in results]), tuple(after for _, after in results)
