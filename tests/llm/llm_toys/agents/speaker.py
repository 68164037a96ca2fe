"""Speaker: every picker asks a model how hard to work, and rests where it gets no answer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from econsim.game import Game, Observation, Role
from econsim.llm import Question, Service
from econsim.llm.replies import Amount
from econsim.parameters import Model

__all__ = ["Parameters", "Speaker"]

EFFORT = Amount("effort", 0, 1)


class Parameters(Model):
    """None."""


class Speaker:
    """Asks for all who act at once."""

    def __init__(self, parameters: Parameters) -> None:
        self.service: Service | None = None

    def connect(self, service: Service) -> None:
        self.service = service

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        calls = role.count * num_envs
        return calls, 30 * calls, 5 * calls

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None:
        return None

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        assert self.service is not None
        effort = torch.zeros_like(observation.features[..., 0])
        places = observation.acting.nonzero().tolist()
        rates = [observation.features[copy, player, 0].item() for copy, player in places]
        questions = [
            Question("You pick apples.", f"Picker {player}: the rate is {rate:.3f}", EFFORT, "effort", copy)
            for (copy, player), rate in zip(places, rates, strict=True)
        ]
        for (copy, player), answer in zip(places, self.service.ask(questions), strict=True):
            effort[copy, player] = answer.value or 0.0
        return effort, None
