"""Free market: all rates zero."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from econsim.game import Game, Observation, Role
from econsim.parameters import Model
from econsim.planners._tax_schedule import announce, thresholds_of

__all__ = ["FreeMarket", "Parameters"]


class Parameters(Model):
    """The free market has no parameters."""


class FreeMarket:
    """Announces a rate of zero in every bracket."""

    learner: ClassVar[str | None] = None

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor:
        """Return the rates ``[K]``."""
        return torch.zeros_like(thresholds_of(game, role, "free_market"))

    def act(self, observation: Observation, memory: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rates for every copy, ``[B, 1, K]``."""
        return announce(memory, observation), memory
