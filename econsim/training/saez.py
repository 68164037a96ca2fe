"""Saez's formula iterated to its fixed point: workers respond, the formula answers, until the schedule settles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.learning import Recorder
from econsim.mechanisms.saez import estimate_elasticity, kernel_schedule
from econsim.mechanisms.welfare import inverse_income_weights
from econsim.parameters import Model
from econsim.planners import saez as planner
from econsim.planners._tax_schedule import thresholds_of
from econsim.training._leader_evaluation import leader_of, play_proposals

__all__ = ["Parameters", "Saez"]

EXPERIMENTS = 32
HIGHEST_EXPERIMENTAL_RATE = 0.9


class Parameters(Model):
    """The formula's parameters are those of the planner that is fitted."""


class Saez:
    """Fits planners of kind ``saez``; welfare weights are inverse to potential income, as in ``inverse_income``."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with the Saez planner's schedule fitted.

        Raises:
            UserError: the leader is no Saez planner or sets no tax brackets.
        """
        leader = leader_of(game)
        agent = agents[leader]
        if not isinstance(agent, planner.Saez):
            raise UserError(f"training.saez: role {leader} needs a planner of kind saez")
        exact = game.to(dtype=torch.float64)
        thresholds = thresholds_of(exact, exact.roles[leader], "saez").double()
        elasticity, interval = self._elasticity(exact, agents, leader, agent.parameters.elasticity, seed)
        rates = torch.zeros_like(thresholds)
        for iteration in range(agent.parameters.iterations):
            answer = self._answer(exact, agents, leader, rates, thresholds, elasticity, seed)
            kept = agent.parameters.damping if iteration else 0.0
            change = (answer - rates).abs().max()
            rates = kept * rates + (1.0 - kept) * answer
            recorder.log("saez/largest_change", float(change), step=iteration)
            recorder.progress(iteration + 1, agent.parameters.iterations, "saez")
        fitted = torch.tensor([elasticity, *interval], dtype=torch.float64)
        agent.load_state_dict({"rates": rates, "elasticity": fitted})
        return dict(agents)

    def _answer(
        self,
        game: Game[Any],
        agents: Mapping[str, Agent],
        leader: str,
        rates: Tensor,
        thresholds: Tensor,
        elasticity: float,
        seed: int,
    ) -> Tensor:
        """Return the formula's schedule ``[K]`` at the incomes that ``rates`` bring about."""
        accounts = game.accounts(play_proposals(game, agents, leader, rates[None], seed)[1])
        if "potential_income" not in accounts or "weight" not in accounts:
            raise UserError(
                f"planner: kind saez weighs people by potential income, which {type(game).__name__} does not know;"
                " say planner=saez_buffer"
            )
        people = accounts["weight"][0]
        weights = people * inverse_income_weights(accounts["potential_income"][0])
        return kernel_schedule(accounts["income"][0], weights, thresholds, elasticity, people)

    def _elasticity(
        self, game: Game[Any], agents: Mapping[str, Agent], leader: str, given: float | str, seed: int
    ) -> tuple[float, tuple[float, float]]:
        """Return the elasticity and its 95 % interval: as given, or from random flat taxes.

        Flat taxes have no kinks to bunch at, and dividing income by potential income takes skill out of the regression.
        """
        if not isinstance(given, str):
            return given, (given, given)
        draw = random.uniform(random.keys(seed, 1, game.device), 0, "saez/experiments", (EXPERIMENTS,), torch.float64)[
            0
        ]
        rates = (HIGHEST_EXPERIMENTAL_RATE * draw)[:, None].expand(-1, game.roles[leader].action.size)  # type: ignore[union-attr]
        accounts = game.accounts(play_proposals(game, agents, leader, rates, seed)[1])
        relative = accounts["income"] / accounts["potential_income"]
        estimate = estimate_elasticity(relative.flatten(), rates[:, :1].expand_as(relative).flatten())
        if not math.isfinite(estimate.value) or estimate.value <= 0:
            raise UserError("planner.elasticity: incomes do not fall with tax rates, so that none can be estimated")
        return estimate.value, (estimate.low, estimate.high)
