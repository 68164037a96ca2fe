"""Exact gains from deviating, in games that can be enumerated: no action is drawn and nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate
from typing import Any

import torch

from econsim.analysis.equilibrium.gains import Gain, paired_gain
from econsim.expected_play import deviation_payoffs, expected_payoffs, strategies_of
from econsim.game import Agent, Enumerable, Game

__all__ = ["exact_gain"]


def exact_gain(game: Game[Any], agents: Mapping[str, Agent], role: str) -> Gain | None:
    """Return what a player of a role gains by its best option while all others stay, by expectation.

    ``None`` where the game is not :class:`~econsim.game.Enumerable` or an agent not
    :class:`~econsim.game.Stochastic`. No mixed deviation gains more than the best option does.
    """
    strategies = strategies_of(game, agents)
    if strategies is None or not isinstance(game, Enumerable):
        return None
    payoffs, players = game.payoff_tensor(), players_of(game, role)
    own = expected_payoffs(payoffs, strategies)[list(players)]
    reached = torch.stack([deviation_payoffs(payoffs, strategies, player).max() for player in players])
    return replace(paired_gain(own[None], reached[None]), low=None, high=None, over="nothing", count=1)


def players_of(game: Game[Any], role: str) -> range:
    """Return the places of a role's players among the players of all roles."""
    ends = dict(zip(game.roles, accumulate(each.count for each in game.roles.values()), strict=True))
    return range(ends[role] - game.roles[role].count, ends[role])
