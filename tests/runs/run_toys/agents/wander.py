"""Wander: legal random choices."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.game import Game, Observation, Role
from econsim.parameters import Model

__all__ = ["Parameters", "Wander"]


class Parameters(Model):
    """Nothing to choose."""


class Wander:
    """Draws among the legal actions; builds twenty times as gladly."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None:
        return None

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        assert observation.action_mask is not None
        liking = torch.zeros(observation.action_mask.shape)
        liking[..., 1] = 3.0
        return random.categorical(key, 0, "choice", liking.masked_fill(~observation.action_mask, -torch.inf)), memory
