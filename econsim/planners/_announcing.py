"""What planners with a schedule share: a game with tax brackets, and announcing the same rates to every copy."""

from __future__ import annotations

from typing import Any, Protocol, cast

from torch import Tensor

from econsim.errors import UserError
from econsim.game import Box, Game, Observation, Role


class Taxed(Protocol):
    """A game with an income tax: its bracket thresholds ``[K]`` in money."""

    thresholds: Tensor


def thresholds_of(game: Game[Any], role: Role, kind: str) -> Tensor:
    """Return the game's bracket thresholds ``[K]``.

    Raises:
        UserError: the game has no tax brackets for this role to set.
    """
    thresholds = getattr(game, "thresholds", None)
    if not isinstance(thresholds, Tensor) or role.action != Box(0.0, 1.0, tuple(thresholds.shape)):
        raise UserError(f"planner: kind {kind} sets tax brackets; {type(game).__name__} has none for role {role.name}")
    return cast(Taxed, game).thresholds


def announce(rates: Tensor, observation: Observation) -> Tensor:
    """Return ``rates`` ``[K]`` as the action of the one planner of every copy, ``[B, 1, K]``."""
    return rates.to(observation.features).expand(*observation.alive.shape, -1)
