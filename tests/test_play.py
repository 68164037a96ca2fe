"""A held action: one for everybody, one a copy, or one a player; derivatives flow through it."""

from __future__ import annotations

import pytest
import torch
from toy_games import GIVERS, Gifts

from econsim import random
from econsim.errors import UserError
from econsim.game import Box
from econsim.play import HeldAction

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
