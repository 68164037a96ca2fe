"""Gains from deviating by rank: of players ordered in each episode by what the game names, such as a skill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from econsim.analysis.metrics import columns_of
from econsim.analysis.statistics import mean_interval
from econsim.game import Game

__all__ = ["RankGain", "Ranking", "ranking", "ranks_in"]

MOST = 10  # ranks; more players are divided into as many groups


@dataclass(frozen=True)
class RankGain:
    """Mean returns of the players of one rank with and without deviating, and their paired difference.

    ``rank`` counts from 1, the lowest. ``low`` to ``high`` is the 95 % interval over episodes, ``None`` where there is
    one episode, or where none differs from another.
    """

    rank: int
    own: float
    reached: float
    difference: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Ranking:
    """What orders the players of a role, in words, and their ranks in each episode, ``[E, N]`` int64 from 0."""

    by: str
    ranks: Tensor


def ranking(game: Game[Any], state: Any, role: str) -> Ranking | None:
    """Return how the players of a role rank at the end of episodes; ``None`` where the game names no order of them."""
    for account in (each for each in game.accounts_spec if each.ranks):
        if (columns := columns_of(game, account, role)) is not None:
            ranks = game.accounts(state)[account.name][:, columns].argsort(dim=1, stable=True).argsort(1)
            count = ranks.shape[1]
            return Ranking(account.noun, ranks if count <= MOST else ranks * MOST // count)
    return None


def ranks_in(found: Ranking, players: Tensor, own: Tensor, reached: Tensor) -> tuple[RankGain, ...]:
    """Return the gain of each rank from returns ``[E, P]`` of the players ``[P]``; of ranks that occur among them."""
    ranks = found.ranks[:, players]
    present = sorted(set(ranks.flatten().tolist()))
    return tuple(_of_rank(rank, ranks == rank, own, reached) for rank in present)


def _of_rank(rank: int, members: Tensor, own: Tensor, reached: Tensor) -> RankGain:
    there = members.any(1)
    counts = members[there].sum(1)
    before, after = ((each.double() * members)[there].sum(1) / counts for each in (own, reached))
    interval = mean_interval((after - before).tolist())
    return RankGain(rank + 1, float(before.mean()), float(after.mean()), interval.mean, interval.low, interval.high)
