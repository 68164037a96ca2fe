"""Exact gains from deviating in enumerable games, without sampling or training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from econsim.analysis.equilibrium.gains import Gain, paired_gain
from econsim.expected_play import best_deviations
from econsim.game import Agent, Game

__all__ = ["ExactGain", "exact_gain"]


class ExactGain(NamedTuple):
    """A gain that is an exact expectation, the deviations that are considered, and the method."""

    gain: Gain
    deviation_class: str
    method: str


def exact_gain(game: Game[Any], agents: Mapping[str, Agent], role: str) -> ExactGain | None:
    """Return the expected gain of a player of a role from deviating alone while all others keep their policies.

    ``None`` where the game cannot be enumerated, or an agent states no probabilities; see
    :func:`~econsim.expected_play.expected_returns`.
    """
    best = best_deviations(game, agents)
    if best is None:
        return None
    own, gains = (_of_role(game, role, each) for each in (best.own, best.gains))
    gain = replace(paired_gain(own[None], (own + gains)[None]), low=None, high=None, over="nothing", count=1)
    return ExactGain(gain, best.deviation_class, best.method)


def _of_role(game: Game[Any], role: str, values: Tensor) -> Tensor:
    """Return the entries of a role's players among those of all players ``[P]``."""
    by_role = torch.split(values, [each.count for each in game.roles.values()])
    return dict(zip(game.roles, by_role, strict=True))[role]
