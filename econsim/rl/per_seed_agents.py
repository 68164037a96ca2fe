"""Agents of several seeds side by side, each for its own part of the copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from econsim.game import Agent, Game, Memory, Observation, Role
from econsim.nn.stacked import parted


class PerSeedAgents:
    """Agents that share out the copies evenly, in order; the memory is a tuple of theirs."""

    def __init__(self, agents: Sequence[Agent]) -> None:
        self.agents = agents

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Start every agent with its part of the copies."""
        return tuple(agent.start(game, role, num_envs // len(self.agents)) for agent in self.agents)

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return what each agent does in its copies."""
        count = len(self.agents)
        parts = zip(self.agents, parted(observation, count), memory, key.chunk(count), strict=True)
        found = [agent.act(seen, before, own) for agent, seen, before, own in parts]
        return torch.cat([action for action, _ in found]), tuple(after for _, after in found)
