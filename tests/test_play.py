"""A held action: one for everybody, one a copy, or one a player; derivatives flow through it."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from toy_games import GIVERS, Gifts

import econsim
from econsim import random
from econsim.errors import UserError
from econsim.game import Box, Game
from econsim.play import HeldAction, play, play_on, play_until

COPIES = 3


@pytest.mark.parametrize("shape", [(), (COPIES,), (COPIES, GIVERS)], ids=["all", "by copy", "by player"])
def test_an_action_is_held_for_every_player(shape: tuple[int, ...]) -> None:
    game = Gifts()
    action = torch.arange(torch.Size(shape).numel()).reshape(shape) % 4
    held, seen = HeldAction(action), game.observe(game.reset(random.keys(0, COPIES)))["giver"]
    memory = held.start(game, game.roles["giver"], COPIES)
    first, memory = held.act(seen, memory, random.keys(0, COPIES))
    second, _ = held.act(seen, memory, random.keys(1, COPIES))
    expected = action.reshape(*shape, *[1] * (2 - len(shape))).expand(COPIES, GIVERS)
    assert first.dtype == torch.int64
    assert torch.equal(first, expected)
    assert torch.equal(second, expected)


def test_real_numbers_are_played_in_the_precision_of_the_game() -> None:
    game = Gifts()
    action = torch.tensor(0.25, dtype=torch.float64, requires_grad=True)
    memory = HeldAction(action).start(game, game.roles["collector"], COPIES)
    assert memory.dtype == game.dtype
    memory.sum().backward()
    assert action.grad == 1.0


def test_an_action_of_another_shape_is_refused() -> None:
    game = Gifts()
    assert game.roles["collector"].action == Box(0, 1)
    with pytest.raises(UserError, match=r"collector: expected an action of shape \[\], found \[1, 1, 2\]"):
        HeldAction(torch.zeros(1, 1, 2)).start(game, game.roles["collector"], COPIES)


def counting(game: Game[Any], rests: bool) -> tuple[Game[Any], list[None]]:
    """Return the game with another value of ``rests``, and a list with an entry for each step that it is played."""
    other = copy(game)
    steps: list[None] = []

    def step(state: Any, actions: Any) -> Any:
        steps.append(None)
        return game.step(state, actions)

    other.rests, other.step = rests, step  # type: ignore[method-assign]
    return other, steps


@pytest.mark.parametrize(
    ("scenario", "changes"),
    [
        ("kuhn", {}),
        ("four_rooms", {"game.players": 2, "game.slip": 0.1}),
        ("four_rooms_planner", {"planner": "free_market"}),
        ("schelling", {"game.width": 6, "game.height": 5, "game.threshold": 0.2}),
    ],
)
def test_where_a_game_rests_play_stops_when_all_have_ended_and_changes_no_result(
    scenario: str, changes: dict[str, Any]
) -> None:
    game, agents = econsim.load(scenario, **changes).build("cpu")
    assert game.rests
    key, results = random.keys(3, 12), []
    for rests in (True, False):
        played, steps = counting(game, rests)
        seen: list[Any] = []

        def watch(state: Any, over: Tensor, seen: list[Any] = seen) -> None:
            seen.append((game.accounts(state), over, game.conserved(state)))

        whole = play(played, agents, key, watch)
        on = play_on(played, agents, play_until(played, agents, key, game.horizon // 2))
        results.append((seen, *((game.observe(each.state), each.returns) for each in (whole, on))))
        longest = 2 * game.horizon
        assert len(seen) == game.horizon + 1
        assert len(steps) == longest if not rests or scenario == "kuhn" else len(steps) < longest
    stopped, full = map(pytree.tree_leaves, results)
    assert len(stopped) == len(full)
    assert all(map(torch.equal, stopped, full))
