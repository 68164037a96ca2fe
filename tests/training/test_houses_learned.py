"""The short version of the long trainings: in seconds of play workers who may rest learn to gather and to build."""

from __future__ import annotations

from typing import Any

from memory_recorder import MemoryRecorder

import econsim
from econsim.agents import ppo as worker
from econsim.nn.agent import NeuralAgent
from econsim.planners.free_market import FreeMarket, Parameters
from econsim.training import ppo

MIND: dict[str, Any] = {
    "convolutions": ({"channels": 4}, {"channels": 8}),
    "embedding": 0,
    "hidden": (32,),
    "activation": "relu",
    "layer_norm": True,
    "shared_towers": True,
    "normalise_values": True,
}
SETTINGS: dict[str, Any] = {
    "iterations": 14,
    "copies": 48,
    "steps": 50,
    "parameters": {"labour_cost": [[0, 0], [1, 0.02]]},
    "follower": {"learning_rate": 3e-3, "epochs": 3, "gamma": 0.998, "gae_lambda": 0.98, "entropy_weight": 0.02},
}


def test_workers_learn_to_make_coin_where_chance_makes_little() -> None:
    game = econsim.make("gather_trade_build", horizon=200).on_kernels()
    agents: dict[str, NeuralAgent | FreeMarket] = {
        "worker": worker.Ppo(worker.Parameters(**MIND)),
        "planner": FreeMarket(Parameters()),
    }
    recorder = MemoryRecorder()
    ppo.Ppo(ppo.Parameters.model_validate(SETTINGS)).fit(game, agents, 0, recorder)
    made = recorder.values("", "play/productivity")
    first, last = sum(made[:4]) / 4, sum(made[-4:]) / 4
    # Seed 0 ends at 1.98 times what it began with.
    assert last > 1.5 * first
