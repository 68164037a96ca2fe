"""Rates that learning and gradient planners find: in the allowed range, and moved towards more welfare."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder
from torch import Tensor

import econsim
from econsim import random
from econsim.agents.best_response import BestResponse
from econsim.agents.best_response import Parameters as BestResponseParameters
from econsim.agents.elastic_rule import ElasticRule
from econsim.agents.elastic_rule import Parameters as ElasticRuleParameters
from econsim.economies.one_step import OneStep, Parameters
from econsim.game import Agent, Game
from econsim.planners.flat import Flat
from econsim.planners.flat import Parameters as FlatParameters
from econsim.planners.hypergradient import Hypergradient
from econsim.planners.hypergradient import Parameters as HypergradientParameters
from econsim.planners.ppo import Parameters as PpoParameters
from econsim.planners.ppo import Ppo
from econsim.play import play
from econsim.training import ppo as training


def welfare_of(game: OneStep, rates: Tensor) -> float:
    """Return welfare under given rates with exact best responses, by playing one year."""
    exact: Any = game.to(dtype=torch.float64)
    state = exact.reset(random.keys(0, 1))
    hours = exact.best_hours(rates[None])
    for _ in range(exact.horizon):
        state = exact.step(state, {"planner": rates[None, None], "worker": hours}).state
    return float(exact.accounts(state)["welfare"])


def test_the_gradient_planner_subsidises_equals_up_to_the_lowest_rate() -> None:
    people = {"kind": "listed", "incomes": [40_000.0] * 4}
    given = {"workers": 4, "brackets": [0.0], "status_quo": [0.2], "population": people, "lowest_rate": -0.3}
    game = OneStep(Parameters.model_validate({**given, "welfare": "equality_times_productivity"}))
    planner = Hypergradient(HypergradientParameters(starts=2, iterations=60))
    worker = BestResponse(BestResponseParameters())
    planner.fit(game, game.roles["planner"], {"worker": worker}, 0, MemoryRecorder())
    rates = planner.state_dict()["rates"].double()
    # Income of equals is proportional to (1 - rate)^elasticity: it is highest at the lowest rate.
    assert float(rates) == pytest.approx(-0.3, abs=1e-3)
    assert float(rates) >= game.lowest_rate - 1e-6
    gain = welfare_of(game, rates) / welfare_of(game, torch.tensor([0.2], dtype=torch.float64))
    assert gain == pytest.approx(((1 + 0.3) / (1 - 0.2)) ** 0.4, rel=2e-3)  # the search ends on steps of 0.001


def rates_and_welfare(game: Game[Any], agents: dict[str, Agent]) -> tuple[Tensor, float]:
    """Return the rates in force ``[B, K]`` and mean welfare at the end of 16 episodes."""
    states: list[Any] = []
    play(game, agents, random.keys(7, 16), lambda state, _: states.append(state))
    accounts = game.accounts(states[-1])
    return accounts["rates"], float(accounts["welfare"].mean())


def test_a_neural_planner_with_real_rates_moves_towards_more_welfare() -> None:
    """In Gather-Trade-Build, where planners otherwise select from a list of rates."""
    year = {"kind": "tax", "period": 25, "brackets": [0.0], "rate_step": 0.5}
    game = econsim.make("gather_trade_build", horizon=25, components=("build", "trade", "gather", year))
    # Hours are (1 - rate)^2 of the untaxed ones: at 50 % a quarter, so that lower rates raise welfare.
    worker = ElasticRule(ElasticRuleParameters(untaxed_hours=100, elasticity=2.0))

    fast = {"learning_rate": 0.1, "minibatches": 1}
    learner = training.Ppo(training.Parameters.model_validate({"iterations": 6, "copies": 32, "leader": fast}))
    planner = Ppo(PpoParameters(hidden=(8,), real_rates=True, start=0.5, initial_exploration=0.0))
    fitted = dict(learner.fit(game, {"worker": worker, "planner": planner}, 0, MemoryRecorder()))
    _, before = rates_and_welfare(game, {"worker": worker, "planner": Flat(FlatParameters(rate=0.5))})
    rates, after = rates_and_welfare(game, {"worker": worker} | fitted)
    assert ((rates >= 0) & (rates <= 1)).all()
    assert not set(rates.flatten().tolist()) <= {0.0, 0.5, 1.0}  # not the listed rates alone
    assert rates.mean() < 0.49
    assert after > before
