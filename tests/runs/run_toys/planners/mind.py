"""Neural planner of the toys: a rate that the scenario's training moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim.game import Game, Observation, Role
from econsim.parameters import Model

__all__ = ["Mind", "Parameters"]


class Parameters(Model):
    """None."""


class Mind:
    """Announces one fitted rate; has no learner but the scenario's training."""

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
