"""Exact gains from deviating in enumerable games, without sampling or training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from econsim.analysis.equilibrium.gains import Gain, paired_gain
from econsim.expected_play import best_payoffs, expected_payoffs, strategies_of
from econsim.game import Agent, Enumerable, Game

__all__ = ["exact_gain"]


def exact_gain(game: Game[Any], agents: Mapping[str, Agent], role: str) -> Gain | None:
    """Return the expected gain of a player of a role from its best option while all others keep their policies.

    ``None`` where the game is not :class:`~econsim.game.Enumerable` or an agent not
    :class:`~econsim.game.Stochastic`.
    """
    strategies = strategies_of(game, agents)
    if strategies is None or not isinstance(game, Enumerable):
        return None
    payoffs = game.payoff_tensor()
    own, reached = (_of_role(game, role, values(payoffs, strategies)) for values in (expected_payoffs, best_payoffs))
    return replace(paired_gain(own[None], reached[None]), low=None, high=None, over="nothing", count=1)


def _of_role(game: Game[Any], role: str, values: Tensor) -> Tensor:
    """Return the entries of a role's players among those of all players ``[P]``."""
    by_role = torch.split(values, [each.count for each in game.roles.values()])
    return dict(zip(game.roles, by_role, strict=True))[role]
