"""A government that learns taxes and the pension beside households of all ages who learn."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from memory_recorder import MemoryRecorder

import econsim
from econsim import random
from econsim.agents import ppo as household
from econsim.economies.bewley import Bewley
from econsim.game import Agent
from econsim.leader_evaluation import values_of
from econsim.nn import Amounts
from econsim.planners import ppo as planner
from econsim.rl.settings import Settings
from econsim.rl.trainer import Trainer
from econsim.training.mean_field import MeanField, Parameters
from econsim.training.mean_field.leader_gradient import returns_of_proposals

SMALL: dict[str, Any] = {
    "households": 30,
    "discount": 0.75,
    "depreciation": 0.45,
    "labour_weight": 10.0,
    "productivity": {"states": 2, "persistence": 0.6, "deviation": 0.4},
    "status_quo": {"labour_tax": 0.2},
    "instruments": ["labour_tax", "replacement"],
    "highest_rate": 0.8,
    "budget": {"debt": 0.01},
    "grid_points": 12,
    "largest_assets": 3.0,
    "periods": 5,
    "life_cycle": {
        "entry": 2,
        "retirement": 5,
        "last": 6,
        "survival": {"mode": 6.5, "dispersion": 1.0},
        "efficiency": {"peak": 4.0, "rise": 1.4},
        "growth": 0.1,
        "pension": {"replacement": 0.4},
    },
}


def _game(**changes: Any) -> Bewley:
    return cast(Bewley, econsim.make("bewley", **{**SMALL, **changes}))


def _networks() -> dict[str, Agent]:
    return {
        "household": household.Ppo(household.Parameters(hidden=(16,))),
        "government": planner.Ppo(planner.Parameters(hidden=(16,))),
    }


def test_the_derivative_of_the_leader_in_taxes_and_the_pension_is_that_of_its_return() -> None:
    game, agents = _game(households="distribution"), _networks()
    trainer = Trainer.begin(game, agents, {name: Settings() for name in game.roles}, 0, MemoryRecorder())
    leader, follower = (trainer.train_states[name] for name in ("government", "household"))
    cast(Amounts, leader.network.head).explore(-20.0)  # proposals without noise
    with torch.no_grad():  # households who respond strongly to policies
        follower.network.policy_outputs.weight.mul_(30.0)
    key = random.keys(1, 1)
    returns = returns_of_proposals(game, agents, {"household": follower}, leader, key, True)
    (slopes,) = torch.autograd.grad(returns.sum(), leader.network.policy_outputs.bias)
    # The same by central differences of the return in the latents of the action, whose slope in the bias is one.
    seen = game.observe(game.reset(key))["government"]
    latent = torch.logit(agents["government"].act(seen, (), key)[0][0, 0].double() / 0.8)
    moves = 1e-3 * torch.cat([torch.eye(2), -torch.eye(2)]).double()
    values = values_of(game.to(dtype=torch.float64), agents, "government", 0.8 * torch.sigmoid(latent + moves), 1)
    differences = (values[:2] - values[2:]) / 2e-3
    assert float(differences.abs().min()) > 1e-3  # both instruments matter
    assert slopes.tolist() == pytest.approx(differences.tolist(), rel=0.02, abs=1e-3)  # float32 against float64


def test_government_and_households_of_all_ages_learn_together() -> None:
    game, agents, recorder = _game(), _networks(), MemoryRecorder()
    quick = {"warm_up": 2, "iterations": 4, "copies": 4, "leader_copies": 2, "audit_every": 3}
    MeanField(Parameters.model_validate(quick)).fit(game, agents, 0, recorder)
    for name in ("audit/labour_tax", "audit/replacement"):  # what the government sets moves with its learning
        first, last = recorder.values("government", name)
        assert 0 < first != last < 0.8
    assert len(recorder.values("government", "training/gradient_norm")) == 2
    assert all(0 < gain < 1 for gain in recorder.values("", "audit/gain_from_best_response"))
