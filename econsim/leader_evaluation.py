"""Evaluation of a leader's actions as one batch, one action per environment copy, under common random numbers."""

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
    """Return the name of the leading role.

    Raises:
        UserError: the game does not have exactly one leading role.
    """
    leaders = [role.name for role in game.roles.values() if role.leads]
    if len(leaders) != 1:
        raise UserError(f"this learner needs exactly one leading role; {type(game).__name__} has {len(leaders)}")
    return leaders[0]


def play_proposals(
    game: Game[Any], agents: Mapping[str, Agent], leader: str, proposals: Tensor, seed: int, episodes: int = 1
) -> tuple[Tensor, Any]:
    """Play episodes under each proposed action; return the leader's mean returns ``[C]`` and the final state.

    Args:
        game: the game; its random draws are the same under all proposals.
        agents: the agents of the other roles.
        leader: the leading role.
        proposals: ``[C, *action]``, each held for the whole episode.
        seed: the seed of the common keys.
        episodes: the number of episodes per proposal, under the same keys for every proposal; in the final state, the
            copies of the first proposal come first, then those of the second, and so on.
    """
    game = _shortest(game, agents, leader)
    key = random.keys(seed, episodes, proposals.device).repeat(proposals.shape[0])
    episode = play(game, {**agents, leader: HeldAction(proposals.repeat_interleave(episodes, 0))}, key)
    return episode.returns[leader].mean(-1).reshape(-1, episodes).mean(1), episode.state


def values_of(
    game: Game[Any], agents: Mapping[str, Agent], leader: str, proposals: Tensor, seed: int, episodes: int = 1
) -> Tensor:
    """Return the leader's mean returns ``[C]`` under proposals ``[C, *action]``, in batches that fit into memory."""
    per_copy = sum(role.count * (role.observation.size + prod(role.view) + 1) for role in game.roles.values())
    batch = max(1, FLOATS_PER_BATCH // (per_copy * episodes))
    batches = torch.split(proposals, batch)
    return torch.cat([play_proposals(game, agents, leader, proposed, seed, episodes)[0] for proposed in batches])


def _shortest(game: Game[Any], agents: Mapping[str, Agent], leader: str) -> Game[Any]:
    """Return one round of a game of identical rounds where all other agents play the rounds identically."""
    if not isinstance(game, RepeatedRounds):
        return game
    others = [agent for role, agent in agents.items() if role != leader]
    alike = all(isinstance(agent, PlaysRoundsAlike) and agent.plays_rounds_alike for agent in others)
    return game.one_round() if alike else game
