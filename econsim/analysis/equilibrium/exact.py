"""Exact gains from deviating in games that can be enumerated, without sampling or training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from econsim.analysis.equilibrium.gains import Gain, paired_gain
from econsim.expected_play import Expected
from econsim.game import Game

__all__ = ["exact_gain"]


def exact_gain(game: Game[Any], expected: Expected, role: str) -> Gain:
    """Return the expected gain of a player of a role from its best deviation while all others keep their policies."""
    own, best = (expected.by_role(game, values)[role][None] for values in (expected.own, expected.best))
    return replace(paired_gain(own, best), low=None, high=None, over="nothing", count=1)
