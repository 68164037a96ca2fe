"""The kernels of the epidemic play the same days as its tensors, under every measure and kind of contacts."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from econsim import random
from econsim.economies.epidemic import Epidemic, Parameters
from econsim.game import leaves
from econsim.kernels import numba_version

pytestmark = pytest.mark.skipif(numba_version() is None, reason="numba is not installed")

AGES = {"shares": [2, 1, 1], "susceptibility": [0.5, 1, 1.5], "mortality": [0, 1, 20]}
CONTACTS = [[8, 3, 1], [3, 5, 2], [1, 2, 4]]
TESTING = {"capacity": 0.3, "result_days": 2, "false_positive": 0.1, "quarantine_days": 3, "break_rate": 0.2}
MODES: tuple[dict[str, Any], ...] = (
    {},
    {"ages": AGES | {"contacts": CONTACTS}, "isolation": {"advice": 0.4, "every": 2}},
    {"network": {"kind": "small_world", "degree": 6}, "reproduction": [4.0, 1.5]},
    {"network": "households", "isolation": {"decided_by": "people", "every": 3}, "testing": TESTING},
    {"network": "scale_free", "ages": AGES | {"contacts": CONTACTS}, "vaccination": {"capacity": 0.2}, "planner": {}},
    {"isolation": {}, "testing": TESTING, "vaccination": {"already": 0.3}, "planner": {"every": 2}},
)


@pytest.mark.parametrize("mode", MODES)
def test_kernels_and_tensors_play_the_same_days(mode: dict[str, Any]) -> None:
    settings = {"people": 61, "initial_exposed": 0.1, "horizon": 14, "exposed_days": 2, "infected_days": 3}
    game = Epidemic(Parameters.model_validate({**settings, "mortality": 0.05, "infectiousness_mean": 2.5, **mode}))
    game = game.with_parameters(mortality=torch.linspace(0, 0.05, 70))  # type: ignore[assignment]
    kernels, state = game.on_kernels(), game.reset(random.keys(2, 70))
    for step in range(14):
        actions = {"person": random.integers(state.key, step, "test", 2, (61,))}
        if "planner" in game.roles:
            actions["planner"] = random.uniform(state.key, step, "levers", (1, state.levers.shape[1]))
        one, other = game.step(state, actions), kernels.step(state, actions)
        played = leaves(other.state)
        for name, tensor in leaves(one.state).items():
            assert torch.equal(played[name], tensor), (step, name)
        torch.testing.assert_close(other.rewards, one.rewards, rtol=0, atol=0)
        state = one.state
    assert (state.counts[:, 3:].sum(0) > 0).all()  # some have recovered, and some have died
