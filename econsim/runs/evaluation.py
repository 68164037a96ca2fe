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

from econsim import play as playing
from econsim import random
from econsim.analysis.inequality import gini
from econsim.analysis.recording import LONGEST, FrameCollector, Recording
from econsim.game import Agent, Game, Recordable

__all__ = ["Episode", "evaluation_key", "metrics_of", "play", "player_accounts"]

_EVALUATION = "evaluation"
_NOT_OF_PLAYERS = ("rates", "thresholds", "price_history")


@dataclass(frozen=True)
class Episode:
    """How an episode ended: the game's accounts ``{name: [B, ...]}`` and the return of each role ``{role: [B, N]}``.

    ``film`` holds the first copy's moments where they were asked for and the game can be pictured.
    """

    accounts: dict[str, Tensor]
    returns: dict[str, Tensor]
    film: Recording | None = None


def evaluation_key(seed: int, episodes: int = 1) -> Tensor:
    """Return the keys ``[episodes]`` of the episodes that score policies; no learner draws from them."""
    return random.fold(random.keys(seed, episodes), _EVALUATION)


@torch.no_grad()
def play(game: Game[Any], agents: Mapping[str, Agent], key: Tensor, filmed: bool = False) -> Episode:
    """Play one episode from keys ``[B]`` in the game's own precision; ``filmed``: keep every moment of the first.

    Episodes of more than ``LONGEST`` steps are not filmed.
    """
    camera = FrameCollector(game) if filmed and isinstance(game, Recordable) and game.horizon <= LONGEST else None
    episode = playing.play(game, agents, key, camera)
    return Episode(game.accounts(episode.state), episode.returns, None if camera is None else camera.film())


def player_accounts(game: Game[Any], episode: Episode, copy: int = 0) -> dict[str, NDArray[Any]]:
    """Return the accounts of one copy that hold one number a following player, ``{name: [N]}``.

    Players are those of one role, or of all following roles in their order.
    """
    followers = [role.count for role in game.roles.values() if not role.leads]
    counts = {*followers, sum(followers)}
    own = {
        name: value
        for name, value in episode.accounts.items()
        if value.ndim == 2 and value.shape[1] in counts and not name.startswith(_NOT_OF_PLAYERS)
    }
    return {name: value[copy].cpu().numpy() for name, value in own.items()}


def metrics_of(game: Game[Any], episode: Episode) -> dict[str, float]:
    """Return the numbers of an episode by name, means over its copies.

    Every account ``[B]`` by its name (``welfare`` is the game's own), ``mean_<account>`` of every account of players
    (weighted by people where the game counts them), ``revenue`` (money of all players), ``income_gini`` and
    ``consumption_gini``, and the mean ``return_<role>``.
    """
    copies = next(iter(episode.accounts.values())).shape[0]
    each = [_metrics_of_copy(game, episode, copy) for copy in range(copies)]
    # Of one copy, that is the number itself: batches of many runs spend most of their time in here.
    found = each[0] if copies == 1 else {name: float(np.mean([it[name] for it in each])) for name in each[0]}
    return {**found, **{f"return_{role}": float(value.mean()) for role, value in episode.returns.items()}}


def _metrics_of_copy(game: Game[Any], episode: Episode, copy: int) -> dict[str, float]:
    players = player_accounts(game, episode, copy)
    weight = players.pop("weight", None)
    found = {f"mean_{name}": float(np.average(value, weights=weight)) for name, value in players.items()}
    found |= {name: float(value[copy]) for name, value in episode.accounts.items() if value.ndim == 1}
    if "tax" in players:
        found["revenue"] = float((players["tax"] * (1.0 if weight is None else weight)).sum())
    for name in ("income", "consumption"):
        if name in players:
            found[f"{name}_gini"] = gini(players[name], weight)
    return found
