"""Fixed schedule: the rates that the scenario writes down, one a bracket."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.parameters import Model
from econsim.planners._tax_schedule import announce, thresholds_of

__all__ = ["Fixed", "Parameters"]


class Parameters(Model):
    """Parameters of a fixed schedule."""

    rates: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(min_length=1)
    """Marginal rate of each of the game's brackets, lowest first."""


class Fixed:
    """Announces the rates it was given."""

    learner: ClassVar[str | None] = None

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor:
        """Return the rates ``[K]``; raises ``UserError`` unless there is one for each bracket."""
        thresholds, rates = thresholds_of(game, role, "fixed"), self.parameters.rates
        if len(rates) != len(thresholds):
            raise UserError(f"planner.rates: {len(rates)} rates for {len(thresholds)} brackets; give one a bracket")
        return torch.tensor(rates, dtype=torch.float64, device=thresholds.device)

    def act(self, observation: Observation, memory: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rates for every copy, ``[B, 1, K]``."""
        return announce(memory, observation), memory
