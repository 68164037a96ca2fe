"""Gains of single players of a following role from unilateral deviations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.agents.best_response import BestResponse, Parameters
from econsim.analysis.equilibrium.batching import copies_at_once, players_to_try
from econsim.analysis.equilibrium.deviation import Deviating, following_role, in_seat
from econsim.analysis.equilibrium.gains import Gain, paired_gain
from econsim.analysis.equilibrium.ranks import Ranking, ranking, ranks_in
from econsim.game import Agent, Game
from econsim.play import play

__all__ = ["Pairs", "exact_deviator", "unilateral_gain", "unilateral_pairs", "unilateral_plays"]

Watch = Callable[[Any, Tensor], object]


def exact_deviator() -> Agent:
    """Return the deviator that plays exact best responses; only for a ``Solvable`` game."""
    return BestResponse(Parameters())


@dataclass(frozen=True)
class Pairs:
    """Returns ``[E, P]`` of the players ``players`` ``[P]`` in ``E`` episodes, without and with deviating.

    ``ranking`` is that of all players of the role, where the game orders them.
    """

    players: Tensor
    own: Tensor
    reached: Tensor
    ranking: Ranking | None = None


def unilateral_gain(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    deviator: Agent,
    key: Tensor,
    most: int | None = None,
    watch: Watch | None = None,
) -> Gain:
    """Return the mean gain of a player of a role from deviating alone; arguments as for :func:`unilateral_pairs`."""
    pairs = unilateral_pairs(game, agents, role, deviator, key, most, watch)
    gain = paired_gain(pairs.own, pairs.reached)
    if pairs.ranking is None:
        return gain
    ranks = ranks_in(pairs.ranking, pairs.players, pairs.own, pairs.reached)
    return replace(gain, ranked_by=pairs.ranking.by, ranks=ranks)


@torch.no_grad()
def unilateral_pairs(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    deviator: Agent,
    key: Tensor,
    most: int | None = None,
    watch: Watch | None = None,
) -> Pairs:
    """Play each episode once without deviation, and once for each player that the deviator replaces.

    Both use common random numbers.

    Args:
        game: the game, in the precision of play.
        agents: the agents, held fixed.
        role: the following role whose players deviate.
        deviator: an agent for all players of the role at once, whose action counts for the player in the seat only.
        key: ``[E]``, one per episode.
        most: number of players to try, a random sample where there are more, the same in every episode; ``None``: as
            many as are quick to play.
        watch: called at every state of every play, as ``watch`` of :func:`econsim.play.play`; for the number of plays,
            see :func:`unilateral_plays`.

    Raises:
        UserError: the role does not exist or leads, or an agent cannot play it.
    """
    count = following_role(game, role).count
    players = _players(count, players_to_try(game, role, len(key)) if most is None else most, key)
    episode = play(game, agents, key, watch)
    own_returns = episode.returns[role][:, players]
    pairs = torch.cartesian_prod(torch.arange(len(key), device=key.device), players).reshape(-1, 2)
    reached = [_returns(game, agents, role, deviator, key[e], seat, watch) for e, seat in _parts(game, pairs)]
    found = ranking(game, episode.state, role)
    return Pairs(players, own_returns, torch.cat(reached).reshape(own_returns.shape), found)


def unilateral_plays(game: Game[Any], role: str, episodes: int) -> int:
    """Return the number of plays of :func:`unilateral_pairs` where ``most`` is not given."""
    return 1 + math.ceil(episodes * players_to_try(game, role, episodes) / copies_at_once(game))


def _returns(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    deviator: Agent,
    key: Tensor,
    seats: Tensor,
    watch: Watch | None,
) -> Tensor:
    deviate = in_seat(seats, game.roles[role].count)
    returns = play(game, {**agents, role: Deviating(agents[role], deviator, deviate)}, key, watch).returns[role]
    return returns[deviate]


def _players(count: int, most: int, key: Tensor) -> Tensor:
    if count <= most:
        return torch.arange(count, device=key.device)
    return random.permutation(key[:1], 0, "certificate/players", count)[0, :most].sort().values


def _parts(game: Game[Any], pairs: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield episodes and seats in batches of as many copies as fit."""
    for part in torch.split(pairs, copies_at_once(game)):
        yield part[:, 0], part[:, 1]
