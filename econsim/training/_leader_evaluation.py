"""What a leader's proposal brings: each is one copy of a batch, all copies under one key (common random numbers)."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, ClassVar

import torch
from torch import Tensor

from econsim import random
from econsim.agents.best_response import BestResponse
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, RepeatedRounds, Role
from econsim.play import play

FLOATS_PER_BATCH = 1 << 20


def leader_of(game: Game[Any]) -> str:
    """Return the name of the leading role; raises ``UserError`` unless there is exactly one."""
    leaders = [role.name for role in game.roles.values() if role.leads]
    if len(leaders) != 1:
        raise UserError(f"{type(game).__name__} has {len(leaders)} leading roles; this learner needs exactly one")
    return leaders[0]


class _Announcing:
    """A leader that announces one action a copy, ``[B, *action]``, whatever it sees."""

    learner: ClassVar[str | None] = None

    def __init__(self, proposals: Tensor) -> None:
        self.proposals = proposals

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor:
        return self.proposals[:, None].expand(-1, role.count, *self.proposals.shape[1:])

    def act(self, observation: Observation, memory: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        return memory, memory


def play_proposals(
    game: Game[Any], agents: Mapping[str, Agent], leader: str, proposals: Tensor, seed: int, episodes: int = 1
) -> tuple[Tensor, Any]:
    """Play episodes under each proposal; return the leader's mean returns ``[C]`` and the final state.

    Args:
        game: the game; nothing random in it differs between proposals.
        agents: who plays the following roles.
        leader: the leading role.
        proposals: ``[C, *action]``, held for the whole episode.
        seed: of the common keys.
        episodes: how many, under the same keys for every proposal; the state's copies are those of the first proposal,
            then those of the second, and so on.
    """
    game = _shortest(game, agents, leader)
    key = random.keys(seed, episodes, proposals.device).repeat(proposals.shape[0])
    announcing = _Announcing(proposals.repeat_interleave(episodes, 0))
    episode = play(game, {**agents, leader: announcing}, key)
    return episode.returns[leader].mean(-1).reshape(-1, episodes).mean(1), episode.state


def _shortest(game: Game[Any], agents: Mapping[str, Agent], leader: str) -> Game[Any]:
    """Return one round of a game whose rounds are alike: exact best responses do not depend on what was before."""
    exact = all(isinstance(agent, BestResponse) for role, agent in agents.items() if role != leader)
    return game.one_round() if exact and isinstance(game, RepeatedRounds) else game


def values_of(
    game: Game[Any], agents: Mapping[str, Agent], leader: str, proposals: Tensor, seed: int, episodes: int = 1
) -> Tensor:
    """Return the leader's mean returns ``[C]`` under proposals ``[C, *action]``, in batches that fit memory."""
    per_copy = sum(role.count * (role.observation.size + prod(role.view) + 1) for role in game.roles.values())
    batch = max(1, FLOATS_PER_BATCH // (per_copy * episodes))
    parts = torch.split(proposals, batch)
    return torch.cat([play_proposals(game, agents, leader, part, seed, episodes)[0] for part in parts])
