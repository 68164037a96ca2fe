"""Exact best response: every player takes its optimal action given its observation, with others' actions fixed."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from econsim.acceleration import known
from econsim.actions import GivesBestResponses
from econsim.errors import UserError
from econsim.game import Box, Game, Observation, Role
from econsim.parameters import Model

__all__ = ["BestResponse", "Parameters"]


class Parameters(Model):
    """The exact best response has no parameters."""


class BestResponse:
    """Plays the optimal action that the game computes, in closed form or by a search over its grid."""

    plays_rounds_alike: ClassVar[bool] = True

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[GivesBestResponses, Role, torch.dtype]:
        """Store the game in the memory; raises ``UserError`` if the game does not compute best responses."""
        dtype = game.dtype if isinstance(role.action, Box) else torch.int64
        if not isinstance(game, GivesBestResponses):
            raise UserError(
                f"agents.{role.name}: kind best_response needs a game that computes exact best responses"
                f" (best_response); {type(game).__name__} does not"
            )
        return game, role, dtype

    def act(
        self, observation: Observation, memory: tuple[GivesBestResponses, Role, torch.dtype], key: Tensor
    ) -> tuple[Tensor, Any]:
        """Return the optimal actions ``[B, N]``; zeros in a step in which no player acts, such as an announcement."""
        game, role, dtype = memory
        if known(~observation.acting.any()):
            nothing = torch.zeros((*observation.acting.shape, *role.action.shape), dtype=dtype, device=key.device)
            return nothing, memory
        return game.best_response(role.name, observation), memory
