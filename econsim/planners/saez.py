"""Saez's optimal income tax: the fixed point of the formula and the workers' responses.

Workers respond to a schedule, and the formula computes the next schedule from their incomes, until the schedule
converges. Welfare weights are proportional to inverse potential income, as in the welfare function ``inverse_income``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.actions import tax_thresholds
from econsim.errors import UserError
from econsim.game import Agent, Game, Role
from econsim.leader_evaluation import play_proposals
from econsim.learning import Recorder
from econsim.mechanisms.saez import estimate_elasticity, kernel_schedule
from econsim.mechanisms.welfare import inverse_income_weights
from econsim.parameters import Model
from econsim.planners._fitted_action import FittedAction

__all__ = ["Parameters", "Saez"]

REFERENCES = (
    "@article{saez2001using, title={Using Elasticities to Derive Optimal Income Tax Rates}, author={Saez, Emmanuel}, "
    "journal={Review of Economic Studies}, volume={68}, number={1}, pages={205--229}, year={2001}}",
)
EXPERIMENTS = 32
HIGHEST_EXPERIMENTAL_RATE = 0.9


class Parameters(Model):
    """Parameters of the Saez planner."""

    elasticity: Annotated[float, Field(gt=0)] | Literal["estimated"] = 0.4
    """Elasticity of taxable income with respect to the net-of-tax rate; ``estimated``: by a regression on incomes under
    random flat taxes."""
    iterations: int = Field(60, ge=1, le=10_000)
    """Number of iterations of response and formula; one iteration applies the formula to incomes without taxes."""
    damping: float = Field(0.7, ge=0, lt=1)
    """Weight of the previous schedule in each iteration after the first."""


class Saez(FittedAction):
    """Announces the schedule at the formula's fixed point."""

    kind = "saez"

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Iterate responses and formula, starting without taxes.

        Raises:
            UserError: the role does not set tax brackets, the game has no potential incomes, or incomes do not respond.
        """
        responses = _Responses(game, role, agents, seed)
        elasticity, interval = self._elasticity(responses)
        rates = torch.zeros_like(responses.thresholds)
        for iteration in range(self.parameters.iterations):
            optimal = responses.formula(rates, elasticity)
            damping = self.parameters.damping if iteration else 0.0
            change = (optimal - rates).abs().max()
            rates = damping * rates + (1.0 - damping) * optimal
            recorder.log("saez/largest_change", float(change), step=iteration)
            recorder.progress(iteration + 1, self.parameters.iterations, "saez")
        fitted = torch.tensor([elasticity, *interval], dtype=torch.float64)
        self.load_state_dict({"rates": rates, "elasticity": fitted})

    def _elasticity(self, responses: _Responses) -> tuple[float, tuple[float, float]]:
        """Return the elasticity and its 95 % confidence interval: as given, or estimated."""
        given = self.parameters.elasticity
        return responses.elasticity() if isinstance(given, str) else (given, (given, given))


class _Responses:
    """Responses of incomes to schedules, computed in float64; ``thresholds`` ``[K]`` are those of the brackets."""

    def __init__(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int) -> None:
        self.game: Game[Any] = game.to(dtype=torch.float64)
        self.role, self.agents, self.seed = role, agents, seed
        self.thresholds = tax_thresholds(self.game, role, "saez").double()

    def formula(self, rates: Tensor, elasticity: float) -> Tensor:
        """Return the schedule ``[K]`` that the formula gives at the incomes under ``rates`` ``[K]``."""
        accounts = self._accounts(rates[None])
        people = accounts["weight"][0]
        weights = people * inverse_income_weights(accounts["potential_income"][0])
        return kernel_schedule(accounts["income"][0], weights, self.thresholds, elasticity, people)

    def elasticity(self) -> tuple[float, tuple[float, float]]:
        """Estimate the elasticity of income and its 95 % confidence interval from random flat taxes.

        With flat taxes there is no bunching at kinks, and dividing income by potential income removes differences in
        skill.
        """
        key = random.keys(self.seed, 1, self.game.device)
        draw = random.uniform(key, 0, "saez/experiments", (EXPERIMENTS,), torch.float64)[0]
        rates = (HIGHEST_EXPERIMENTAL_RATE * draw)[:, None].expand(-1, len(self.thresholds))
        accounts = self._accounts(rates)
        relative = accounts["income"] / accounts["potential_income"]
        estimate = estimate_elasticity(relative.flatten(), rates[:, :1].expand_as(relative).flatten())
        if not math.isfinite(estimate.value) or estimate.value <= 0:
            raise UserError(
                "planner.elasticity: the elasticity cannot be estimated, because incomes do not fall with tax rates;"
                " give a number"
            )
        return estimate.value, (estimate.low, estimate.high)

    def _accounts(self, schedules: Tensor) -> dict[str, Tensor]:
        """Return the game's accounts under each of the schedules ``[C, K]``."""
        accounts = self.game.accounts(play_proposals(self.game, self.agents, self.role.name, schedules, self.seed)[1])
        if not {"income", "potential_income", "weight"} <= accounts.keys():
            raise UserError(
                "planner: kind saez needs accounts of income, potential income and weight, which"
                f" {type(self.game).__name__} does not have; use planner=saez_buffer"
            )
        return accounts
