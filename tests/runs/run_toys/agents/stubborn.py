"""Stubborn: the same option whatever happens; it states no distribution."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from econsim.game import Game, Observation, Role
from econsim.parameters import Model

__all__ = ["Parameters", "Stubborn"]


class Parameters(Model):
    """Which option."""

    option: int = 0


class Stubborn:
    """Plays one option."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None:
        return None

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        return torch.full_like(observation.alive, self.parameters.option, dtype=torch.int64), memory
