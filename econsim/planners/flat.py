"""Flat tax: the same rate in every bracket."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from econsim.game import Game, Observation, Role
from econsim.parameters import Model
from econsim.planners._tax_schedule import announce, thresholds_of

__all__ = ["Flat", "Parameters"]


class Parameters(Model):
    """Parameters of the flat tax."""

    rate: float = Field(0.5, ge=0, le=1)
    """Marginal rate on all income."""


class Flat:
    """Announces one rate for all brackets."""

    learner: ClassVar[str | None] = None

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor:
        """Return the rates ``[K]``."""
        return torch.full_like(thresholds_of(game, role, "flat"), self.parameters.rate)

    def act(self, observation: Observation, memory: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rates for every copy, ``[B, 1, K]``."""
        return announce(memory, observation), memory
