"""Tuned rate: announces what the learner ``tune`` found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from econsim.game import Game, Observation, Role
from econsim.parameters import Model

__all__ = ["Parameters", "Tuned"]


class Parameters(Model):
    """None."""


class Tuned:
    """Announces one fitted rate."""

    learner: ClassVar[str | None] = "tune"

    def __init__(self, parameters: Parameters) -> None:
        self.rate = torch.tensor([torch.nan], dtype=torch.float64)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None:
        assert not self.rate.isnan().any(), "unfitted"

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        return self.rate.to(observation.features).expand_as(observation.features), None

    def state_dict(self) -> dict[str, Tensor]:
        return {"rate": self.rate}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.rate = state["rate"]
