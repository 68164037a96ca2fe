"""Gather-Trade-Build as a PettingZoo environment: pictures, masks of single and of several choices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pettingzoo.test import api_test, parallel_api_test

from econsim.interop.pettingzoo import env, parallel_env


def made(**parameters: Any) -> Any:
    return parallel_env("gather_trade_build", seed=3, horizon=40, **parameters)


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_pettingzoo_finds_nothing_wrong() -> None:
    parallel_api_test(made(), num_cycles=60)
    api_test(env("gather_trade_build", seed=3, horizon=40), num_cycles=60)


def test_what_an_agent_sees_is_in_its_space() -> None:
    world = made(planner_sees_map=True)
    seen, _ = world.reset()
    assert set(world.possible_agents) == {"worker_0", "worker_1", "worker_2", "worker_3", "planner_0"}
    for agent, entry in seen.items():
        assert world.observation_space(agent).contains(entry), agent
    assert seen["worker_0"]["view"].shape == (9, 11, 11)
    assert seen["planner_0"]["view"].shape == (9, 25, 25)
    assert [part.size for part in seen["planner_0"]["action_mask"]] == [22] * 7


def test_a_worker_is_in_the_middle_of_its_picture() -> None:
    seen, _ = made().reset()
    for worker in range(4):
        view = seen[f"worker_{worker}"]["view"]
        assert view[8, 5, 5] == 1  # oneself
        assert (view[8] == 1).sum() == 1


def test_masks_are_what_can_be_done() -> None:
    """An illegal action is refused, so that a learner that ignores the mask hears of it."""
    world = made()
    seen, _ = world.reset()
    mask = seen["worker_0"]["action_mask"]
    assert mask[0] == 1
    idle = {agent: 0 for agent in world.agents if agent != "planner_0"} | {"planner_0": np.zeros(7, dtype=np.int64)}
    with pytest.raises(ValueError, match="is not a legal action"):
        world.step({**idle, "worker_0": int(np.flatnonzero(mask == 0)[0])})
    world.step(idle)
