"""Rules, formulas and minds act where the game is: in a step they carry nothing between host and device."""

from __future__ import annotations

from typing import Any

import pytest

from econsim import random
from econsim.nn.agent import NeuralAgent
from econsim.scenario import load
from econsim.testing.fake_device import fake_device, is_supported, transfers

pytestmark = pytest.mark.skipif(not is_supported(), reason="this version of torch cannot pretend to have a GPU")

FIXED = {"kind": "fixed", "rates": [0.1, 0.2, 0.3, 0.4, 0.3, 0.2, 0.1]}
PLAYERS: list[tuple[str, str, Any]] = [
    ("gather_trade_build", "elastic_rule", "us_federal"),
    ("gather_trade_build", "elastic_rule", "random_schedule"),
    ("gather_trade_build", "ppo", "ppo"),
    ("one_step", "elastic_rule", "flat"),
    ("one_step", "best_response", FIXED),
    ("one_step", "noisy_response", "us_federal"),
    ("one_step", "fixed_hours", "free_market"),
]


@pytest.mark.parametrize(("name", "worker", "planner"), PLAYERS)
def test_acting_carries_nothing(name: str, worker: str, planner: Any) -> None:
    players = {"agents.worker": worker, "planner": planner, "headline": None, "baselines": ["free_market"]}
    scenario = load(name, {**players, "evaluation": None, "training": {"kind": "ppo"} if worker == "ppo" else None})
    game, agents = scenario.build()
    with fake_device() as device:
        there, key = game.to(device=device), random.keys(0, 2, device)
        state, memories = there.reset(key), {}
        for role, agent in agents.items():
            if isinstance(agent, NeuralAgent):
                agent.prepare(there, there.roles[role], key[:1])
            memories[role] = agent.start(there, there.roles[role], 2)
        for step in range(2):
            seen, actions = there.observe(state), {}
            with transfers() as carried:
                for role, agent in agents.items():
                    actions[role], memories[role] = agent.act(seen[role], memories[role], random.fold(key, step))
            assert not carried
            state = there.step(state, actions).state
        assert next(iter(actions.values())).device == device
