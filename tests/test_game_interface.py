"""What every game gets from its base class: it moves to a device with all that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from toy_games import Gifts, GiftsState

from econsim import random
from econsim.game import Transition
from econsim.held_tensors import held_tensors
from econsim.scenario import load
from econsim.testing import check_game
from econsim.testing.fake_device import fake_device, is_supported
from econsim.testing.play import play as random_play

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))
on_a_device = pytest.mark.skipif(not is_supported(), reason="this version of torch cannot simulate a GPU")


@dataclass(frozen=True)
class Law:
    """A rule with a number in a tensor; no pytree knows of it."""

    shares: Tensor  # [1] share of the tax that is refunded


class Refunds(Gifts):
    """Gifts whose tax is partly refunded; the numbers stand in a dataclass, a tuple and a nested mapping."""

    def __init__(self) -> None:
        super().__init__()
        self.law = Law(torch.tensor([0.5]))
        self.rounds = ("refund", torch.tensor([1.0]))
        self.tables: dict[str, dict[str, Tensor]] = {"of": {"givers": torch.ones(4)}}

    def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
        done = super().step(state, actions)
        factor = self.law.shares * self.rounds[1] * self.tables["of"]["givers"]  # type: ignore[operator]
        return Transition(
            done.state, {**done.rewards, "giver": done.rewards["giver"] * factor}, done.terminated, done.truncated
        )


def left_behind(game: Any, device: torch.device) -> list[Tensor]:
    return [leaf for leaf in held_tensors(game) if leaf.device != device]


@on_a_device
def test_a_game_moves_with_all_that_it_holds() -> None:
    here = Refunds()
    assert [outcome for outcome in check_game(here) if not outcome.passed] == []
    with fake_device() as device:
        there = here.to(device=device)
        assert left_behind(there, device) == []
        assert there.device == device
        assert left_behind(there.to(device="cpu"), torch.device("cpu")) == []
    assert left_behind(here, torch.device("cpu")) == []


def test_a_game_without_parameters_knows_its_device_from_what_it_holds() -> None:
    game = Refunds()
    game.parameters = {}
    game.law = Law(torch.zeros(1, device="meta"))
    del game.rounds, game.tables
    assert game.device == torch.device("meta")


@on_a_device
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_game_moves_with_all_that_it_holds(name: str) -> None:
    game, _ = load(name).build()
    with fake_device() as device:
        assert left_behind(game.to(device=device), device) == []


def test_another_precision_leaves_tensors_where_and_as_they_are() -> None:
    game = Refunds()
    precise = game.to(dtype=torch.float64)
    assert precise.dtype == torch.float64
    assert precise.law is game.law
    moments = list(random_play(precise, random.keys(0, 2), 2))
    assert moments[0].transition.state.coins.dtype == torch.float64
