"""Exact gaps during training, in games whose expected payoffs can be computed."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from econsim.errors import UserError
from econsim.expected_play import certificate_of
from econsim.game import Agent, Enumerable, Game
from econsim.information_tree import HasInformationTree
from econsim.learning import Recorder
from econsim.markov import MarkovGame

__all__ = ["NASH_GAP", "gap_is_due", "record_gap"]

NASH_GAP = "training/nash_gap"
"""The largest expected gain of a player from deviating alone, in payoffs."""
_POINTS = 50  # over a whole training
_MOST_PROFILES = 100_000


def gap_is_due(game: Game[Any], iteration: int, iterations: int) -> bool:
    """Return whether the gap is logged after an iteration: about 50 times, and after the last one.

    Never for a game without an exact view, or with too many profiles.
    """
    if (iterations - 1 - iteration) % max(1, iterations // _POINTS):
        return False
    if isinstance(game, HasInformationTree | MarkovGame):
        return True
    return isinstance(game, Enumerable) and _profiles(game) <= _MOST_PROFILES


def record_gap(game: Game[Any], agents: Mapping[str, Agent], iteration: int, recorder: Recorder) -> None:
    """Log the exact gap of the agents; nothing where an agent states no probabilities of its options."""
    try:
        certificate = certificate_of(game, agents)
    except UserError:  # a player does not recall its own moves
        return
    if certificate is not None:
        recorder.log(NASH_GAP, certificate.lower, step=iteration)


def _profiles(game: Game[Any]) -> int:
    return prod(role.action.mask_size**role.count for role in game.roles.values())  # type: ignore[union-attr]
