"""Learners on a simulated GPU: nothing mixes devices, results are equal to the bit, and little is carried over."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder

from econsim.learning import MEASURED
from econsim.rl.ppo import Ensemble, Session
from econsim.scenario import load
from econsim.testing.fake_device import fake_device, is_supported, transfers

pytestmark = pytest.mark.skipif(not is_supported(), reason="this version of torch cannot pretend to have a GPU")

SMALL_MIND = {"hidden": (8,), "convolutions": ({"channels": 2},), "recurrent": 4, "normalise_values": True}
SHORT = {"iterations": 2, "copies": 2, "steps": 10, "follower": {"sequence_length": 5, "minibatches": 2, "epochs": 1}}
GATHER_TRADE_BUILD = {"economy.horizon": 20, "headline": None, "episodes": 1}
WITHOUT_MEMORY = {**SMALL_MIND, "recurrent": None}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "two levels at once": (
        "gather_trade_build_free_market",
        {
            **GATHER_TRADE_BUILD,
            "agents.worker": {"kind": "ppo", **WITHOUT_MEMORY},
            "planner": {"kind": "ppo", "hidden": (8,)},
            "training": {"kind": "ppo", **SHORT, "parameters": {"labour_cost": [[0, 0], [1, 0.2]]}},
        },
    ),
    "minds with memory, leaders refitted": (
        "gather_trade_build_free_market",
        {
            **GATHER_TRADE_BUILD,
            "agents.worker": {"kind": "ppo", **SMALL_MIND},
            "planner": {"kind": "saez_buffer", "copies": 2, "rounds": 1, "buffer": 20, "fewest": 10},
            "training": {"kind": "ppo", **SHORT, "refit_every": 1},
        },
    ),
    "followers who answer any announcement": (
        "one_step",
        {"training": {"kind": "two_level", "iterations": 2, "warm_up": 2, "copies": 4, "leader_copies": 4}},
    ),
}


def rows_of(case: str, device: torch.device | None) -> list[Any]:
    """Return what a short fit logs, speeds apart."""
    name, overrides = CASES[case]
    scenario = load(name, overrides)
    game, agents = scenario.build()
    there = game if device is None else game.to(device=device)
    recorder = MemoryRecorder()
    assert scenario.training is not None
    scenario.training.build().fit(there, agents, 5, recorder)
    return [row for row in recorder.rows if not row[1].startswith(MEASURED)]


@pytest.mark.parametrize("case", CASES)
def test_minds_learn_the_same_on_another_device(case: str) -> None:
    here = rows_of(case, None)
    with fake_device() as device:
        there = rows_of(case, device)
    assert here == there
    assert len(here) > 10


def test_numbers_are_carried_a_few_times_an_iteration_however_long_it_is() -> None:
    """Not in steps, of which there are 10 in a rollout, and not in minibatches."""
    name, overrides = CASES["two levels at once"]
    scenario, recorder = load(name, {**overrides, "economy.horizon": 40}), MemoryRecorder()
    found = []
    with fake_device() as device:
        game, agents = scenario.build()
        assert scenario.training is not None
        session = Session(scenario.training.parameters, game.to(device=device), agents, 5, recorder)
        play = Ensemble([session])
        for iteration in range(3):
            with transfers() as carried:
                play.iterate(iteration)
            found.append(len(carried))
    # For a role: whether anybody acted, and if so which rows there are, the numbers of the schedules, and what was
    # learned. The planner acts in the first iteration alone. In the third an episode ends: its accounts, and what new
    # maps are drawn from.
    assert found[:2] == [4 + 4, 4 + 1]
    assert 4 + 1 < found[2] <= 4 + 4 + 10
