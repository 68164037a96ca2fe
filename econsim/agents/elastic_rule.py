"""Tax-elastic rule: hours fall with the marginal rate at a constant elasticity, without any optimisation.

Where an action is an amount, it is the hours. Where actions are deeds, the worker works in a share of the steps, hours
out of a week of 100, and then does what the game's routine does; it rests in the others. Whether it rests in a step is
drawn from the step's key alone, so that under one key a higher rate only ever turns work into rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.actions import action_of_amount, check_amount
from econsim.errors import UserError
from econsim.game import Game, Heuristic, Observation, Role
from econsim.mechanisms.numerics import power
from econsim.parameters import Model

__all__ = ["ElasticRule", "Parameters"]

FEATURE = "marginal_rate"
WEEK = 100.0  # hours
GreedyHeuristic = Callable[[Role, Observation, Tensor], Tensor]


class Parameters(Model):
    """Parameters of the tax-elastic rule."""

    untaxed_hours: float = Field(60.0, gt=0)
    """Hours a week at a marginal rate of zero; of 100 where a game plays steps instead of hours."""
    elasticity: float = Field(0.4, ge=0)
    """Elasticity of hours to the net-of-tax rate."""


class ElasticRule:
    """Works $h_0 (1 - t)^e$ with untaxed hours $h_0$, the marginal rate $t$ at usual hours and elasticity $e$."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Game[Any], Role, GreedyHeuristic | None]:
        """Check that the rule can be followed; raises ``UserError`` where the role sees no marginal rate."""
        if FEATURE not in role.features:
            raise UserError(f"agents.{role.name}: kind elastic_rule needs the feature {FEATURE}, which this role lacks")
        if isinstance(game, Heuristic) and self.parameters.untaxed_hours > WEEK:
            raise UserError(f"agents.{role.name}: untaxed_hours {self.parameters.untaxed_hours:g} is above {WEEK:g}")
        check_amount(self.parameters.untaxed_hours, role, "untaxed_hours")
        return game, role, game.routine() if isinstance(game, Heuristic) else None

    def act(
        self, observation: Observation, memory: tuple[Game[Any], Role, GreedyHeuristic | None], key: Tensor
    ) -> tuple[Tensor, Any]:
        """Return hours, or deeds and rest, ``[B, N]``: less work where the marginal rate is higher."""
        game, role, routine = memory
        retention = 1.0 - observation.features[..., role.features.index(FEATURE)]
        hours = self.parameters.untaxed_hours * power(retention, self.parameters.elasticity)
        if routine is None:
            return action_of_amount(hours, game, role), memory
        works = random.uniform(key, 0, "effort", (role.count,)) * WEEK < hours
        return torch.where(works, routine(role, observation, key), 0), memory
