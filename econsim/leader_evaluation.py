"""Evaluation of a leader's actions: one a copy of a batch, all copies under one key (common random numbers)."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Game, PlaysRoundsAlike, RepeatedRounds
from econsim.play import HeldAction, play

__all__ = ["leader_of", "play_proposals", "values_of"]

FLOATS_PER_BATCH = 1 << 20


def leader_of(game: Game[Any]) -> str:
    """Return the name of the leading role; raises ``UserError`` unless there is exactly one."""
    leaders = [role.name for role in game.roles.values() if role.leads]
    if len(leaders) != 1:
        raise UserError(f"{type(game).__name__} has {len(leaders)} leading roles; this learner needs exactly one")
    return leaders[0]


def play_proposals(
    game: Game[Any], agents: Mapping[str, Agent], leader: str, proposals: Tensor, seed: int, episodes: int = 1
) -> tuple[Tensor, Any]:
    """Play episodes under each proposal; return the leader's mean returns ``[C]`` and the final state.

    Args:
        game: the game; nothing random in it differs between proposals.
        agents: who plays the other roles.
        leader: the leading role.
        proposals: ``[C, *action]``, held for the whole episode.
        seed: of the common keys.
        episodes: how many, under the same keys for every proposal; the state's copies are those of the first proposal,
            then those of the second, and so on.
    """
    game = _shortest(game, agents, leader)
    key = random.keys(seed, episodes, proposals.device).repeat(proposals.shape[0])
    episode = play(game, {**agents, leader: HeldAction(proposals.repeat_interleave(episodes, 0))}, key)
    return episode.returns[leader].mean(-1).reshape(-1, episodes).mean(1), episode.state


def values_of(
    game: Game[Any], agents: Mapping[str, Agent], leader: str, proposals: Tensor, seed: int, episodes: int = 1
) -> Tensor:
    """Return the leader's mean returns ``[C]`` under proposals ``[C, *action]``, in batches that fit memory."""
    per_copy = sum(role.count * (role.observation.size + prod(role.view) + 1) for role in game.roles.values())
    batch = max(1, FLOATS_PER_BATCH // (per_copy * episodes))
    parts = torch.split(proposals, batch)
    return torch.cat([play_proposals(game, agents, leader, part, seed, episodes)[0] for part in parts])


def _shortest(game: Game[Any], agents: Mapping[str, Agent], leader: str) -> Game[Any]:
    """Return one round of a game whose rounds are alike, where everybody else plays them alike."""
    if not isinstance(game, RepeatedRounds):
        return game
    others = [agent for role, agent in agents.items() if role != leader]
    alike = all(isinstance(agent, PlaysRoundsAlike) and agent.plays_rounds_alike for agent in others)
    return game.one_round() if alike else game
