"""Fixed hours: every worker works the same hours regardless of taxes; a control without behavioural response."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from torch import Tensor

from econsim.actions import action_of_amount, check_amount
from econsim.game import Game, Observation, Role
from econsim.parameters import Model

__all__ = ["FixedHours", "Parameters"]


class Parameters(Model):
    """Parameters of fixed hours."""

    hours: float = Field(40.0, ge=0)
    """Hours per week."""


class FixedHours:
    """Works the same hours in every state."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Game[Any], Role]:
        """Check the hours; raises ``UserError`` if the role cannot work that many."""
        check_amount(self.parameters.hours, role, "hours")
        return game, role

    def act(self, observation: Observation, memory: tuple[Game[Any], Role], key: Tensor) -> tuple[Tensor, Any]:
        """Return the same hours for ``[B, N]`` players."""
        hours = observation.features.new_full(observation.alive.shape, self.parameters.hours)
        return action_of_amount(hours, *memory), memory
