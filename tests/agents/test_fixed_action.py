"""Fixed action: spaces of all kinds, players in order, and one message for each mistake."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from toy_games import Gifts

from econsim.agents.fixed_action import FixedAction, Parameters
from econsim.errors import UserError
from econsim.game import Box, Discrete, MultiDiscrete, Observation, Role, Space

SEEN = Box(0.0, 1.0, (1,))


def actions_of(space: Space, players: int, **parameters: Any) -> list[Any]:
    role, game = Role("player", players, SEEN, space), Gifts()
    agent = FixedAction(Parameters.model_validate(parameters))
    memory = agent.start(game, role, 2)
    flags = torch.ones((2, players), dtype=torch.bool)
    seen = Observation(torch.zeros((2, players, 1)), flags, flags)
    action, _ = agent.act(seen, memory, torch.zeros(2, dtype=torch.int64))
    assert action.shape == (2, players, *space.shape)
    assert action.dtype == (torch.float32 if isinstance(space, Box) else torch.int64)
    assert torch.equal(action[0], action[1])
    return action[0].tolist()


def test_all_players_repeat_one_action_or_each_its_own() -> None:
    assert actions_of(Discrete(3), 2, action=2) == [2, 2]
    assert actions_of(MultiDiscrete((2, 4)), 2, action=[1, 3]) == [[1, 3], [1, 3]]
    assert actions_of(MultiDiscrete((2, 4)), 2, action=1) == [[1, 1], [1, 1]]
    assert actions_of(Box(-1.0, 1.0), 2, action=0.5) == [0.5, 0.5]
    assert actions_of(MultiDiscrete((2, 4)), 3, by_player=[[0, 1], [1, 2]]) == [[0, 1], [1, 2], [0, 1]]


@pytest.mark.parametrize(
    ("space", "action", "message"),
    [
        (Discrete(3), 3, "agents.player: 3 is out of range for"),
        (Discrete(3), 0.5, "agents.player: expected the indices of options, whole numbers from 0, found 0.5"),
        (MultiDiscrete((2, 4)), [1], "agents.player: expected 2 numbers for an action, found 1"),
        (MultiDiscrete((2, 4)), [2, 0], "agents.player: 2 is out of range for"),
        (Box(0.0, 1.0, (2,)), [0.5, -0.5], "agents.player: -0.5 is out of range for"),
    ],
)
def test_an_action_that_the_role_cannot_take_is_refused(space: Space, action: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        actions_of(space, 2, action=action)


@pytest.mark.parametrize("parameters", [{}, {"action": 1, "by_player": [1]}])
def test_an_action_for_all_or_by_player_is_needed(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="expected either action"):
        Parameters.model_validate(parameters)
