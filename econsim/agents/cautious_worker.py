"""Cautious worker: works and consumes less while many people are infected.

It needs a role that chooses propensities to work and to consume and reads the share of infected people, as in
``epidemic`` with labour. A propensity is ``work - caution * infected``, and in the same way for consumption, at least
zero; it is rounded at random to one of the levels of the action, so that its mean over people is exact.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Game, MultiDiscrete, Observation, Role
from econsim.parameters import Model

__all__ = ["CautiousWorker", "Parameters"]

CHOICES = ("propensity to work", "propensity to consume")
INFECTED = "people infected now"


class Parameters(Model):
    """Parameters of the cautious worker."""

    work: float = Field(0.75, ge=0, le=1)
    """Propensity to work where nobody is infected."""
    consumption: float = Field(0.75, ge=0, le=1)
    """Propensity to consume where nobody is infected."""
    caution: float = Field(1.0, ge=0)
    """Fall of the propensity to work per unit of the share of infected people."""
    caution_in_shops: float = Field(2.0, ge=0)
    """Fall of the propensity to consume per unit of that share."""


class _Memory(NamedTuple):
    name: str
    infected: int  # the entry of the shared observation
    highest: int  # level


class CautiousWorker:
    """Works and consumes less while many people are infected."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Find what it reads and chooses; raises ``UserError`` for a role without them."""
        chooses = isinstance(role.action, MultiDiscrete) and role.action_labels == CHOICES
        if not chooses or INFECTED not in role.shared_features:
            needed = f"a role that chooses the {' and the '.join(CHOICES)}, and reads the {INFECTED}"
            raise UserError(
                f"agents.{role.name}: kind cautious_worker needs {needed}, as in epidemic with labour: {{}}"
            )
        assert isinstance(role.action, MultiDiscrete)
        return _Memory(role.name, role.shared_features.index(INFECTED), role.action.counts[0] - 1)

    def act(self, observation: Observation, memory: _Memory, key: Tensor) -> tuple[Tensor, _Memory]:
        """Return levels ``[B, N, 2]``."""
        settings = self.parameters
        assert observation.shared is not None
        infected = observation.shared[:, memory.infected].double()
        work = settings.work - settings.caution * infected
        consumption = settings.consumption - settings.caution_in_shops * infected
        wanted = torch.stack([work, consumption], -1).clamp(min=0.0)[:, None] * memory.highest
        shape = (*observation.alive.shape[1:], len(CHOICES))
        return (wanted + random.uniform(key, 0, f"cautious_worker/{memory.name}", shape, torch.float64)).long(), memory
