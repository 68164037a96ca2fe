"""Several seeds trained as one batch: each gets, to the bit, what it gets alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from memory_recorder import Interrupted, MemoryRecorder
from torch import Tensor
from toy_games import Gifts

import econsim
from econsim.agents import ppo as worker
from econsim.game import Agent, FittedAgent, Game
from econsim.planners import ppo as planner
from econsim.planners import saez_buffer, us_federal
from econsim.training import ppo

SEEDS = (3, 8, 21)
MIND: dict[str, Any] = {"hidden": (8,), "convolutions": ({"channels": 2},), "recurrent": 4, "normalise_values": True}
LEADERS: dict[str, Any] = {
    "neural": lambda: planner.Ppo(planner.Parameters(hidden=(8,), real_rates=True, start=0.2)),
    "scripted": lambda: us_federal.UsFederal(us_federal.Parameters()),
    "refitted": lambda: saez_buffer.SaezBuffer(saez_buffer.Parameters(fewest=10, buffer=10, copies=2, rounds=2)),
}
# A tax period is one iteration of play, an episode two, as in the shipped economy; both are a tenth as long.
HOUSES: dict[str, Any] = {"horizon": 20, "components": ("build", "trade", "gather", {"kind": "tax", "period": 10})}
SETTINGS: dict[str, Any] = {
    "iterations": 4,
    "copies": 4,
    "steps": 10,
    "checkpoint_every": 1,
    "parameters": {"labour_cost": [[0, 0.0], [1, 0.2]]},
    "follower": {"sequence_length": 5, "minibatches": 2, "epochs": 1},
}


def houses(leader: str, seeds: int = 2) -> tuple[Game[Any], list[dict[str, Agent]]]:
    minds = [{"worker": worker.Ppo(worker.Parameters(**MIND)), "planner": LEADERS[leader]()} for _ in range(seeds)]
    return econsim.make("gather_trade_build", **HOUSES), minds


def gifts() -> tuple[Game[Any], list[dict[str, Agent]]]:
    """A game that nobody's clock ends alone, with rollouts across episodes."""
    minds: list[dict[str, Agent]] = [
        {
            "giver": worker.Ppo(worker.Parameters(hidden=(8,))),
            "collector": planner.Ppo(planner.Parameters(hidden=(8,))),
        }
        for _ in SEEDS
    ]
    return Gifts(), minds


def weights(agents: dict[str, Agent]) -> dict[str, Tensor]:
    fitted = {role: agent for role, agent in agents.items() if isinstance(agent, FittedAgent)}
    return {f"{role}/{name}": value for role, agent in fitted.items() for name, value in agent.state_dict().items()}


def check(game: Game[Any], casts: list[dict[str, Agent]], others: list[dict[str, Agent]], settings: Any) -> None:
    learner = ppo.Ppo(ppo.Parameters.model_validate(settings))
    seeds = SEEDS[: len(casts)]
    recorders = [MemoryRecorder() for _ in seeds]
    together = learner.fit_together(game, casts, seeds, recorders)
    for agents, seed, found, recorder in zip(others, seeds, together, recorders, strict=True):
        own = MemoryRecorder()
        alone = weights(learner.fit(game, agents, seed, own))
        joint = weights(found)
        assert [name for name in alone if not torch.equal(alone[name], joint[name])] == []
        assert [row for row in own.rows if "throughput" not in row[1]] == [
            row for row in recorder.rows if "throughput" not in row[1]
        ]


@pytest.mark.parametrize("leader", ["neural", "scripted"])
def test_each_seed_gets_what_it_gets_alone(leader: str) -> None:
    game, casts = houses(leader)
    check(game, casts, houses(leader)[1], SETTINGS)


def test_leaders_that_are_refitted_are_each_seed_s_own() -> None:
    game, casts = houses("refitted")
    check(game, casts, houses("refitted")[1], {**SETTINGS, "refit_every": 2})


def test_copies_that_end_at_any_time_and_seeds_that_stop_early() -> None:
    game, casts = gifts()
    settings = {"iterations": 12, "copies": 4, "steps": 4, "checkpoint_every": 5, "patience": 3}
    check(game, casts, gifts()[1], settings)


def test_seeds_that_were_stopped_at_different_times_go_on_together() -> None:
    learner = ppo.Ppo(ppo.Parameters.model_validate(SETTINGS))
    game, casts = houses("neural", len(SEEDS))
    whole = [weights(agents) for agents in learner.fit_together(game, casts, SEEDS, [MemoryRecorder() for _ in SEEDS])]
    recorders = [MemoryRecorder(stop_after=count) for count in (1, 3, None)]
    for agents, seed, recorder in zip(houses("neural")[1][:2], SEEDS[:2], recorders[:2], strict=True):
        with pytest.raises(Interrupted):
            learner.fit(game, agents, seed, recorder)
        recorder.stop_after = None
    resumed = learner.fit_together(game, houses("neural", len(SEEDS))[1], SEEDS, recorders)
    for expected, agents in zip(whole, resumed, strict=True):
        found = weights(agents)
        assert [name for name in expected if not torch.equal(expected[name], found[name])] == []
