"""Playing whole episodes: who acts, what everybody is paid, how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.game import Agent, Game


@dataclass(frozen=True)
class Episode:
    """How an episode ended: the last state, and the discounted return of each role ``{role: [B, N]}``, float64."""

    state: Any
    returns: dict[str, Tensor]


def play(
    game: Game[Any], agents: Mapping[str, Agent], key: Tensor, watch: Callable[[Any, Tensor], object] | None = None
) -> Episode:
    """Play one episode in each copy, from keys ``[B]``; copies that end early earn nothing more.

    Every agent draws from a key of its own role, so that one role's policy does not change another's draws. ``watch``
    is given every state, the first one included, and which copies were over before it, ``[B]``.
    """
    copies = key.shape[0]
    state = game.reset(key)
    over = torch.zeros(copies, dtype=torch.bool, device=key.device)
    if watch is not None:
        watch(state, over)
    memories = {name: agents[name].start(game, role, copies) for name, role in game.roles.items()}
    returns: dict[str, Tensor] = {}
    for time in range(game.horizon):
        seen, actions = game.observe(state), {}
        for name in game.roles:
            draw = random.fold(random.fold(key, name), time)
            actions[name], memories[name] = agents[name].act(seen[name], memories[name], draw)
        transition = game.step(state, actions)
        for name, reward in transition.rewards.items():
            paid = reward.double() * ~over[:, None] * game.discount**time
            returns[name] = returns[name] + paid if name in returns else paid
        state = transition.state
        if watch is not None:
            watch(state, over)
        over = over | transition.terminated | transition.truncated
    return Episode(state, returns)
