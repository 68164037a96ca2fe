"""Neural pickers of the toys: effort is a fitted share of what is left after tax."""

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
    """Has no learner but the scenario's training."""

    def __init__(self, parameters: Parameters) -> None:
        self.rate = torch.tensor([torch.nan], dtype=torch.float64)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None:
        assert not self.rate.isnan().any(), "unfitted"

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        return (1.0 - observation.features[..., 0]) * (1.0 - 0.1 * self.rate.to(observation.features)), None

    def state_dict(self) -> dict[str, Tensor]:
        return {"rate": self.rate}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.rate = state["rate"]
