"""Random schedules: every episode another one, for followers who are to learn an answer to any of them."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.game import Game, Observation, Role
from econsim.parameters import Model
from econsim.planners._tax_schedule import thresholds_of

__all__ = ["Parameters", "RandomSchedule"]


class Parameters(Model):
    """Parameters of the random schedules: rates are independent, and scaled together by how severe a schedule is."""

    taxed_share: float = Field(0.6, ge=0, le=1)
    """Chance that a bracket is taxed at all."""
    highest_rate: float = Field(0.8, ge=0, le=1)
    """Upper limit of the rates: a taxed bracket's is uniform below it, times the schedule's severity, in [0, 1]."""


class RandomSchedule:
    """Announces a schedule that is drawn at the start of an episode and stays."""

    learner: ClassVar[str | None] = None

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Tensor, Tensor]:
        """Return rates ``[B, K]``, not drawn yet, and whether they are, ``[B]``."""
        thresholds = thresholds_of(game, role, "random_schedule")
        rates = torch.zeros((num_envs, *thresholds.shape), device=thresholds.device)
        return rates, torch.zeros(num_envs, dtype=torch.bool, device=thresholds.device)

    def act(self, observation: Observation, memory: tuple[Tensor, Tensor], key: Tensor) -> tuple[Tensor, Any]:
        """Return the rates of the episode, ``[B, 1, K]``."""
        rates, drawn = memory
        rates = torch.where(drawn[:, None], rates, self._draw(key, rates.shape[1]).to(rates))
        return rates[:, None].to(observation.features), (rates, torch.ones_like(drawn))

    def _draw(self, key: Tensor, brackets: int) -> Tensor:
        height = random.uniform(key, 0, "random_schedule/rate", (brackets,))
        taxed = random.uniform(key, 0, "random_schedule/taxed", (brackets,)) < self.parameters.taxed_share
        severity = random.uniform(key, 0, "random_schedule/severity", (1,))
        return self.parameters.highest_rate * severity * height * taxed
