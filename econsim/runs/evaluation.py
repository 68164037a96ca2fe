"""Scoring: one episode in float64 under a key that no training sees, and the numbers that are read off it.

Every policy meets the same people and the same shocks (common random numbers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from econsim import random
from econsim.analysis.inequality import gini
from econsim.game import Agent, Game
from econsim.training import _play

__all__ = ["Episode", "evaluation_key", "metrics_of", "play", "player_accounts"]

_EVALUATION = "evaluation"
_NOT_OF_PLAYERS = ("rates", "thresholds")


@dataclass(frozen=True)
class Episode:
    """How an episode ended: the game's accounts ``{name: [B, ...]}`` and the return of each role ``{role: [B, N]}``."""

    accounts: dict[str, Tensor]
    returns: dict[str, Tensor]


def evaluation_key(seed: int) -> Tensor:
    """Return the key ``[1]`` of the episode that scores policies; no learner draws from it."""
    return random.fold(random.keys(seed, 1), _EVALUATION)


@torch.no_grad()
def play(game: Game[Any], agents: Mapping[str, Agent], key: Tensor) -> Episode:
    """Play one episode from keys ``[B]`` in the game's own precision."""
    episode = _play.play(game, agents, key)
    return Episode(game.accounts(episode.state), episode.returns)


def player_accounts(game: Game[Any], episode: Episode) -> dict[str, NDArray[Any]]:
    """Return the accounts of the first copy that hold one number a following player, ``{name: [N]}``."""
    counts = {role.count for role in game.roles.values() if not role.leads}
    own = {name: value for name, value in episode.accounts.items() if name not in _NOT_OF_PLAYERS and value.ndim == 2}
    return {name: value[0].cpu().numpy() for name, value in own.items() if value.shape[1] in counts}


def metrics_of(game: Game[Any], episode: Episode) -> dict[str, float]:
    """Return the numbers of one episode by name.

    ``welfare`` (the game's own), ``mean_<account>`` of every account of players (weighted by people where the game
    counts them), ``revenue`` (money of all players), ``income_gini`` and ``consumption_gini``, and the mean
    ``return_<role>``.
    """
    players = player_accounts(game, episode)
    weight = players.pop("weight", None)
    found = {f"mean_{name}": float(np.average(value, weights=weight)) for name, value in players.items()}
    if "welfare" in episode.accounts:
        found["welfare"] = float(episode.accounts["welfare"][0])
    if "tax" in players:
        found["revenue"] = float((players["tax"] * (1.0 if weight is None else weight)).sum())
    for name in ("income", "consumption"):
        if name in players:
            found[f"{name}_gini"] = gini(players[name], weight)
    return {**found, **{f"return_{role}": float(value.mean()) for role, value in episode.returns.items()}}
