"""Random schedules: a new schedule in every episode, so that followers learn to respond to any schedule."""

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
    """Parameters of random schedules: independent rates, multiplied by a common random severity.

    Instruments other than tax rates are drawn in the same way, as shares of their range above its lower end.
    """

    taxed_share: float = Field(0.6, ge=0, le=1)
    """Probability that a bracket is taxed."""
    highest_rate: float = Field(0.8, ge=0, le=1)
    """Upper limit of tax rates. The rate of a taxed bracket is uniform between 0 and this limit, times the severity of
    the schedule, which is uniform in [0, 1]."""


class RandomSchedule:
    """Announces a schedule that is drawn at the start of each episode and kept during it."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Box, Tensor, Tensor]:
        """Return the range of actions, empty actions ``[B, *shape]``, and whether they are drawn yet, ``[B]``."""
        box = real_instrument(game, role, "planner: kind random_schedule")
        actions = torch.zeros((num_envs, *box.shape), device=game.device)
        return box, actions, torch.zeros(num_envs, dtype=torch.bool, device=game.device)

    def act(self, observation: Observation, memory: tuple[Box, Tensor, Tensor], key: Tensor) -> tuple[Tensor, Any]:
        """Return the action of the episode, ``[B, N, *shape]``."""
        box, current, drawn = memory
        new = box.low + (box.high - box.low) * self._draw(key, box.size).reshape(current.shape).to(current)
        actions = torch.where(drawn.view(-1, *[1] * (current.ndim - 1)), current, new)
        announced = actions[:, None].expand(*observation.alive.shape, *box.shape)
        return announced.to(observation.features), (box, actions, torch.ones_like(drawn))

    def _draw(self, key: Tensor, brackets: int) -> Tensor:
        """Draw shares of the range, ``[B, brackets]``."""
        height = random.uniform(key, 0, "random_schedule/rate", (brackets,))
        taxed = random.uniform(key, 0, "random_schedule/taxed", (brackets,)) < self.parameters.taxed_share
        severity = random.uniform(key, 0, "random_schedule/severity", (1,))
        return self.parameters.highest_rate * severity * height * taxed
