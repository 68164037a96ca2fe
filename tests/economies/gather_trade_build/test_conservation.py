"""Coin comes from building alone, goods from the ground alone, and the ground grows what it grows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.reference.comparison import Planning, play_tensors
from econsim.economies.gather_trade_build.world import State

QUICK: dict[str, Any] = {
    "components": ("build", {"kind": "trade", "order_duration": 5}, "gather", {"kind": "tax", "period": 10})
}
VARIANTS: dict[str, dict[str, Any]] = {
    "published": {},
    "short_periods": QUICK,
    "crowd": {"workers": 30, "starts": {"kind": "anywhere"}, "starting_coin": 20.0, **QUICK},
    "equalised": {"components": ("build", "trade", "gather", "equalise", {"kind": "tax", "period": 10})},
}


def game_of(dtype: torch.dtype = torch.float64, **parameters: Any) -> GatherTradeBuild:
    game = GatherTradeBuild(Parameters.model_validate(parameters)).to(dtype=dtype)
    assert isinstance(game, GatherTradeBuild)
    return game


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("planning", ["us_federal", "random"])
def test_nothing_is_made_or_lost(variant: str, planning: Planning) -> None:
    game = game_of(**VARIANTS[variant])
    state, largest = play_tensors(game, random.keys(3, 32), planning, steps=120)
    whole = {"goods", "ground", "trade_payments", "bids_in_escrow", "asks_in_escrow"}
    assert {name: largest[name] for name in whole if largest[name] != 0} == {}
    # Coin and taxes are sums of doubles, of some thousand coin at most.
    assert {name: value for name, value in largest.items() if value > 1e-9} == {}
    assert state.world.built.sum() > 0
    assert state.parts["trade"].sold.sum() > 0


def test_single_precision_keeps_coin_to_a_millionth() -> None:
    game = game_of(torch.float32, **VARIANTS["crowd"])
    state, largest = play_tensors(game, random.keys(4, 32), "us_federal", steps=120)
    total = float(state.world.endowment.double().sum(1).mean())
    assert largest["coin"] <= 1e-6 * total
    assert largest["goods"] == largest["ground"] == 0


def test_coin_is_what_everybody_began_with_and_what_houses_paid() -> None:
    game = game_of(**VARIANTS["crowd"])
    state, _ = play_tensors(game, random.keys(5, 8), "random", steps=60)
    world = state.world
    pay = (world.built * world.build_payment).sum(1)
    assert torch.allclose(world.endowment.sum(1), 30 * 20.0 + pay, rtol=1e-12)
    held = world.goods.sum(1) + world.goods_in_escrow.sum(1)
    assert torch.equal(held + world.built.sum(1, keepdim=True), world.gathered.sum(1))
    assert (world.gathered.sum(1) >= world.taken).all()  # bonus units come on top
    assert (world.gathered.sum(1) <= 2 * world.taken).all()
    # The ground: 20 sources a good, full at first.
    standing = torch.stack([world.stock[:, :20].sum(1), world.stock[:, 20:].sum(1)], 1)
    assert torch.equal(standing, 20 + world.regrown - world.taken)


def test_the_laws_notice_what_breaks_them() -> None:
    game = game_of(**QUICK)
    state, _ = play_tensors(game, random.keys(6, 1), "random", steps=40)
    broken: dict[str, State] = {
        "coin": _with(state, coin=state.world.coin + 0.01),
        "goods": _with(state, goods=state.world.goods + 1),
        "ground": _with(state, taken=state.world.taken + 1),
        "bids_in_escrow": _with(state, coin_in_escrow=state.world.coin_in_escrow + 1.0),
        "asks_in_escrow": _with(state, goods_in_escrow=state.world.goods_in_escrow + 1),
    }
    for law, changed in broken.items():
        assert abs(float(game.conserved(changed)[law])) > 0.005, law


def _with(state: State, **held: Any) -> State:
    return replace(state, world=replace(state.world, **held))
