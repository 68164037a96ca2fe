"""Random schedules: every episode another one, for followers who are to learn an answer to any of them."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.actions import real_instrument
from econsim.game import Box, Game, Observation, Role
from econsim.parameters import Model

__all__ = ["Parameters", "RandomSchedule"]


class Parameters(Model):
    """Parameters of the random schedules: rates are independent, and scaled together by how severe a schedule is.

    Instruments other than tax rates are drawn alike, as shares of their range above its lower end.
    """

    taxed_share: float = Field(0.6, ge=0, le=1)
    """Chance that a bracket is taxed at all."""
    highest_rate: float = Field(0.8, ge=0, le=1)
    """Upper limit of the rates: a taxed bracket's is uniform below it, times the schedule's severity, in [0, 1]."""


class RandomSchedule:
    """Announces a schedule that is drawn at the start of an episode and stays."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Box, Tensor, Tensor]:
        """Return the range of the action, actions ``[B, *shape]``, not drawn yet, and whether they are, ``[B]``."""
        box = real_instrument(game, role, "planner: kind random_schedule")
        actions = torch.zeros((num_envs, *box.shape), device=game.device)
        return box, actions, torch.zeros(num_envs, dtype=torch.bool, device=game.device)

    def act(self, observation: Observation, memory: tuple[Box, Tensor, Tensor], key: Tensor) -> tuple[Tensor, Any]:
        """Return the action of the episode, ``[B, N, *shape]``."""
        box, held, drawn = memory
        new = box.low + (box.high - box.low) * self._draw(key, box.size).reshape(held.shape).to(held)
        actions = torch.where(drawn.view(-1, *[1] * (held.ndim - 1)), held, new)
        announced = actions[:, None].expand(*observation.alive.shape, *box.shape)
        return announced.to(observation.features), (box, actions, torch.ones_like(drawn))

    def _draw(self, key: Tensor, brackets: int) -> Tensor:
        """Return shares of the range, ``[B, brackets]``."""
        height = random.uniform(key, 0, "random_schedule/rate", (brackets,))
        taxed = random.uniform(key, 0, "random_schedule/taxed", (brackets,)) < self.parameters.taxed_share
        severity = random.uniform(key, 0, "random_schedule/severity", (1,))
        return self.parameters.highest_rate * severity * height * taxed
