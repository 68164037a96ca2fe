"""Random schedules: a new schedule in every episode, so that followers learn to respond to any schedule."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.actions import lowest_rate, real_instrument, sets_tax_brackets
from econsim.game import Box, Game, Observation, Role
from econsim.parameters import Model

__all__ = ["Parameters", "RandomSchedule"]


class Parameters(Model):
    """Parameters of random schedules: independent rates, multiplied by a common random severity.

    If the economy allows negative rates, the rate of a taxed bracket may be negative too. Instruments other than tax
    rates are drawn in the same way, as shares of their range above its lower end.
    """

    taxed_share: float = Field(0.6, ge=0, le=1)
    """Probability that a bracket is taxed."""
    highest_rate: float = Field(0.8, ge=0, le=1)
    """Upper limit of tax rates. The rate of a taxed bracket is uniform between the economy's lowest rate (0 by default)
    and this limit, times the severity of the schedule, which is uniform in [0, 1]."""


_Memory = tuple[Box, float | None, Tensor, Tensor]
"""The range of actions, the lowest rate if they are tax rates, the actions, and whether they are drawn."""


class RandomSchedule:
    """Announces a schedule that is drawn at the start of each episode and kept during it."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Return the range of actions, empty actions ``[B, *shape]``, and whether they are drawn yet, ``[B]``."""
        box = real_instrument(game, role, "planner: kind random_schedule")
        lowest = lowest_rate(game, role) if sets_tax_brackets(game, role) else None
        actions = torch.zeros((num_envs, *box.shape), device=game.device)
        return box, lowest, actions, torch.zeros(num_envs, dtype=torch.bool, device=game.device)

    def act(self, observation: Observation, memory: _Memory, key: Tensor) -> tuple[Tensor, _Memory]:
        """Return the action of the episode, ``[B, N, *shape]``."""
        box, lowest, current, drawn = memory
        draw = self._draw(key, box.size, lowest or 0.0).reshape(current.shape).to(current)
        new = box.low + (box.high - box.low) * draw if lowest is None else draw
        actions = torch.where(drawn.view(-1, *[1] * (current.ndim - 1)), current, new)
        announced = actions[:, None].expand(*observation.alive.shape, *box.shape)
        return announced.to(observation.features), (box, lowest, actions, torch.ones_like(drawn))

    def _draw(self, key: Tensor, brackets: int, lowest: float) -> Tensor:
        """Draw rates, or shares of the range of another instrument, ``[B, brackets]``."""
        height = random.uniform(key, 0, "random_schedule/rate", (brackets,))
        taxed = random.uniform(key, 0, "random_schedule/taxed", (brackets,)) < self.parameters.taxed_share
        severity = random.uniform(key, 0, "random_schedule/severity", (1,))
        subsidy = lowest * severity * (1.0 - height) * taxed
        return self.parameters.highest_rate * severity * height * taxed + subsidy
