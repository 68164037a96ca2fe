"""What a leader's proposal brings: each is one copy of a batch, all copies under one key (common random numbers)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Game

FLOATS_PER_BATCH = 1 << 20


def leader_of(game: Game[Any]) -> str:
    """Return the name of the leading role; raises ``UserError`` unless there is exactly one."""
    leaders = [role.name for role in game.roles.values() if role.leads]
    if len(leaders) != 1:
        raise UserError(f"{type(game).__name__} has {len(leaders)} leading roles; this learner needs exactly one")
    return leaders[0]


def play_proposals(
    game: Game[Any], agents: Mapping[str, Agent], leader: str, proposals: Tensor, seed: int
) -> tuple[Tensor, Any]:
    """Play one episode under each proposal and return the leader's returns ``[C]`` and the final state.

    Args:
        game: the game; nothing random in it differs between copies.
        agents: who plays the following roles.
        leader: the leading role.
        proposals: ``[C, *action]``, held for the whole episode.
        seed: of the common key.
    """
    copies = proposals.shape[0]
    key = random.keys(seed, 1, proposals.device).expand(copies)
    state = game.reset(key)
    followers = {name: role for name, role in game.roles.items() if name != leader}
    memories = {name: agents[name].start(game, role, copies) for name, role in followers.items()}
    total = torch.zeros(copies, dtype=torch.float64, device=proposals.device)
    for time in range(game.horizon):
        seen = game.observe(state)
        actions = {leader: proposals[:, None].expand(-1, game.roles[leader].count, *proposals.shape[1:])}
        for name in followers:
            actions[name], memories[name] = agents[name].act(seen[name], memories[name], random.fold(key, time))
        transition = game.step(state, actions)
        state = transition.state
        total += transition.rewards[leader].double().mean(-1)
    return total, state


def values_of(game: Game[Any], agents: Mapping[str, Agent], leader: str, proposals: Tensor, seed: int) -> Tensor:
    """Return the leader's returns ``[C]`` under proposals ``[C, *action]``, in batches that fit memory."""
    per_copy = sum(role.count * (role.observation.size + 1) for role in game.roles.values())
    batch = max(1, FLOATS_PER_BATCH // per_copy)
    parts = [play_proposals(game, agents, leader, part, seed)[0] for part in torch.split(proposals, batch)]
    return torch.cat(parts)
