"""Exact gaps during training, in games whose expected payoffs can be computed."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from econsim.errors import UserError
from econsim.expected_play import certificate_of
from econsim.game import Agent, Enumerable, Game
from econsim.learning import Recorder

__all__ = ["NASH_GAP", "record_gap"]

NASH_GAP = "training/nash_gap"
"""The largest expected gain of a player from deviating alone, in payoffs."""
_POINTS = 50  # over a whole training
_MOST_PROFILES = 100_000


def record_gap(
    game: Game[Any], agents: Mapping[str, Agent], iteration: int, iterations: int, recorder: Recorder
) -> None:
    """Log the exact gap of the agents in about 50 of the iterations, the last one included.

    Nothing is logged for a game without an exact view, one with too many profiles, or agents that state no
    probabilities of their options.
    """
    if (iterations - 1 - iteration) % max(1, iterations // _POINTS) or _is_large(game):
        return
    try:
        certificate = certificate_of(game, agents)
    except UserError:  # a player does not recall its own moves
        return
    if certificate is not None:
        recorder.log(NASH_GAP, certificate.lower, step=iteration)


def _is_large(game: Game[Any]) -> bool:
    if not isinstance(game, Enumerable):
        return False
    profiles: int = prod(role.action.mask_size**role.count for role in game.roles.values())  # type: ignore[union-attr]
    return profiles > _MOST_PROFILES
