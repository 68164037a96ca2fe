from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from toy_games import GIVERS, Gifts

from econsim import random
from econsim.agents import ppo as worker
from econsim.errors import UserError
from econsim.game import Box, Role
from econsim.planners import ppo as planner

KEYS = random.keys(0, 6)
GAME = Gifts()
GIVER, COLLECTOR = GAME.roles["giver"], GAME.roles["collector"]


class WithStatusQuo(Gifts):
    """A game that knows the rate in force."""

    def status_quo(self, role: str) -> Tensor:
        return torch.tensor(0.3, dtype=torch.float64)


def trained(**parameters: Any) -> worker.Ppo:
    agent = worker.Ppo(worker.Parameters(hidden=(8,), **parameters))
    agent.prepare(GAME, GIVER, random.keys(1, 1))
    return agent


def test_an_untrained_mind_does_not_play() -> None:
    agent = worker.Ppo(worker.Parameters())
    with pytest.raises(UserError, match="has not been trained"):
        agent.start(GAME, GIVER, 6)
    with pytest.raises(UserError, match="has not been trained"):
        agent.act(GAME.observe(GAME.reset(KEYS))["giver"], None, KEYS)
    with pytest.raises(UserError, match="has not been trained"):
        agent.state_dict()


def test_it_plays_its_mode_or_draws() -> None:
    seen = GAME.observe(GAME.reset(KEYS))["giver"]
    playing_mode = trained(deterministic=True)
    mode, _ = playing_mode.act(seen, None, KEYS)
    assert mode.shape == (6, GIVERS)
    assert torch.equal(mode, playing_mode.act(seen, None, KEYS + 1)[0])
    drawing = trained(deterministic=False)
    assert not torch.equal(drawing.act(seen, None, KEYS)[0], drawing.act(seen, None, KEYS + 1)[0])


def test_stored_weights_play_the_same() -> None:
    agent, other = trained(), worker.Ppo(worker.Parameters(hidden=(8,)))
    other.load_state_dict(agent.state_dict())
    other.start(GAME, GIVER, 6)
    seen = GAME.observe(GAME.reset(KEYS))["giver"]
    assert torch.equal(agent.act(seen, None, KEYS)[0], other.act(seen, None, KEYS)[0])
    assert other.state_dict().keys() == agent.state_dict().keys()


def test_weights_of_other_sizes_are_refused() -> None:
    other = worker.Ppo(worker.Parameters(hidden=(9,)))
    other.load_state_dict(trained().state_dict())
    with pytest.raises(UserError, match=r"agents.giver: the stored weights do not match"):
        other.start(GAME, GIVER, 6)


def test_actions_come_in_the_precision_of_the_game() -> None:
    exact = GAME.to(dtype=torch.float64)
    agent = planner.Ppo(planner.Parameters(hidden=(8,)))
    agent.prepare(exact, COLLECTOR, random.keys(1, 1))
    action, memory = agent.act(exact.observe(exact.reset(KEYS))["collector"], None, KEYS)
    assert action.dtype == torch.float64
    assert action.shape == (6, 1)
    assert memory == ()


@pytest.mark.parametrize(
    ("game", "start", "first"),
    [
        (WithStatusQuo(), "status_quo", 0.3),
        (GAME, "status_quo", 0.5),
        (WithStatusQuo(), None, 0.5),
        (GAME, (0.8,), 0.8),
    ],
)
def test_a_planner_begins_where_it_is_told(game: Gifts, start: Any, first: float) -> None:
    agent = planner.Ppo(planner.Parameters(start=start))
    agent.prepare(game, COLLECTOR, random.keys(1, 1))
    features = game.observe(game.reset(KEYS))["collector"]
    action, _ = agent.act(features, None, KEYS)
    # The last layer's gain of 0.01 leaves what it sees a small say.
    torch.testing.assert_close(action, torch.full((6, 1), first), atol=0.01, rtol=0)


@pytest.mark.parametrize(("start", "first"), [((0.8,), 0.8), (None, 0.5)])
def test_workers_begin_where_they_are_told(start: tuple[float, ...] | None, first: float) -> None:
    agent = worker.Ppo(worker.Parameters(start=start, deterministic=True))
    agent.prepare(GAME, COLLECTOR, random.keys(1, 1))
    action, _ = agent.act(GAME.observe(GAME.reset(KEYS))["collector"], None, KEYS)
    torch.testing.assert_close(action, torch.full((6, 1), first), atol=0.01, rtol=0)  # as above


def test_a_start_of_the_wrong_length_is_refused() -> None:
    role = Role("planner", 1, Box(0, 1, (2,)), Box(0, 1, (3,)), leads=True)
    with pytest.raises(UserError, match="start: expected 3 entries, one per entry of the action, found 2"):
        planner.Ppo(planner.Parameters(start=(0.1, 0.2))).prepare(GAME, role, random.keys(1, 1))
