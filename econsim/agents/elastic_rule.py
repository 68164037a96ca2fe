"""Tax-elastic rule: hours fall with the marginal tax rate at a constant elasticity, without any optimisation.

If the action is an amount, it is the number of hours. If actions are discrete moves, the worker works in a share of the
steps, ``hours / 100``, and then follows the heuristic of the game; in the other steps it rests. Whether it rests in a
step depends on a uniform draw from the key of the step alone, so that under common random numbers a higher tax rate can
only replace work by rest.
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
    """Hours per week at a marginal tax rate of zero; out of 100 in games whose workers choose moves, not hours."""
    elasticity: float = Field(0.4, ge=0)
    """Elasticity of hours with respect to the net-of-tax rate."""


class ElasticRule:
    """Works $h_0 (1 - t)^e$ hours: untaxed hours $h_0$, marginal tax rate $t$ at usual hours, elasticity $e$."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Game[Any], Role, GreedyHeuristic | None]:
        """Check that the rule applies; raises ``UserError`` if the role does not observe a marginal tax rate."""
        if FEATURE not in role.features:
            raise UserError(f"agents.{role.name}: kind elastic_rule needs the feature {FEATURE}, which this role lacks")
        if isinstance(game, Heuristic) and self.parameters.untaxed_hours > WEEK:
            raise UserError(
                f"agents.{role.name}.untaxed_hours: expected at most {WEEK:g}, found {self.parameters.untaxed_hours:g}"
            )
        check_amount(self.parameters.untaxed_hours, role, "untaxed_hours")
        return game, role, game.routine() if isinstance(game, Heuristic) else None

    def act(
        self, observation: Observation, memory: tuple[Game[Any], Role, GreedyHeuristic | None], key: Tensor
    ) -> tuple[Tensor, Any]:
        """Return hours, or moves and rest, ``[B, N]``: less work where the marginal tax rate is higher."""
        game, role, heuristic = memory
        retention = 1.0 - observation.features[..., role.features.index(FEATURE)]
        hours = self.parameters.untaxed_hours * power(retention, self.parameters.elasticity)
        if heuristic is None:
            return action_of_amount(hours, game, role), memory
        works = random.uniform(key, 0, "effort", (role.count,)) * WEEK < hours
        return torch.where(works, heuristic(role, observation, key), 0), memory
