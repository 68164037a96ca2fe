"""Exact best response: every player takes the best action there is, given what it sees and others' play as given."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from econsim.actions import solvable
from econsim.game import Game, Observation, Role, Solvable
from econsim.parameters import Model

__all__ = ["BestResponse", "Parameters"]


class Parameters(Model):
    """The exact best response has no parameters."""


class BestResponse:
    """Plays the game's own closed form or grid optimum."""

    plays_rounds_alike: ClassVar[bool] = True

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Solvable, str]:
        """Remember the game; raises ``UserError`` where it knows no exact answer."""
        return solvable(game, role, "best_response"), role.name

    def act(self, observation: Observation, memory: tuple[Solvable, str], key: Tensor) -> tuple[Tensor, Any]:
        """Return exact best actions ``[B, N]``."""
        game, role = memory
        return game.best_response(role, observation), memory
