"""Defects of earlier systems, one test each that fails where econsim has it (spec, 1.7, 6 and 9c)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from exchange import Exchange

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.reference import people
from econsim.economies.gather_trade_build.social import social_welfare
from econsim.game import leaves

# --- Foundation -------------------------------------------------------------------------------------------------------


def game_of(**parameters: Any) -> GatherTradeBuild:
    game = GatherTradeBuild(Parameters.model_validate(parameters)).to(dtype=torch.float64)
    assert isinstance(game, GatherTradeBuild)
    return game


@pytest.mark.parametrize("count", [4, 29, 30, 40, 100])
def test_equality_is_exact_for_any_number_of_workers(count: int) -> None:
    # Of 1, 2, ..., N the Gini coefficient is (N - 1) / 3 N, and its scaled form a third; Foundation has 0.3171 for 40.
    coin = torch.arange(1, count + 1, dtype=torch.float64)[None]
    per_head = float(social_welfare("equality_times_productivity", coin, coin)) / float(coin.mean())
    assert 1 - per_head == pytest.approx(1 / 3, abs=1e-12)
    assert 1 - people.equality(coin[0].tolist()) == pytest.approx(1 / 3, abs=1e-12)


def test_the_skill_that_is_seen_is_that_behind_the_pay() -> None:
    # Under fixed skills Foundation shows an unrelated draw: a payment ratio of 2.22 beside a skill of 0.07.
    game = game_of()
    state = game.reset(random.keys(0, 8))
    names = game.roles["worker"].features
    seen = game.observe(state)["worker"].features
    skill, multiple = seen[..., names.index("build_skill")], seen[..., names.index("build_payment")]
    assert torch.allclose(multiple, state.world.build_payment / 10)
    assert torch.allclose(multiple, 1 + 2 * skill)  # payment = 10 (1 + (3 - 1) x)


def test_logarithmic_utility_is_usable() -> None:
    # Foundation raises a TypeError at eta = 1.
    game = game_of(risk_aversion=1.0, components=({"kind": "build"},))
    state = game.reset(random.keys(0, 1))
    richer = replace(state.world, coin=torch.tensor([[1.0, math.e, 10.0, 0.0]], dtype=torch.float64))
    after = game.step(replace(state, world=richer), {"worker": torch.zeros((1, 4), dtype=torch.int64)})
    assert after.state.utility[0].tolist() == pytest.approx([0, 1, math.log(10), 0])
    assert all(bool(value.isfinite().all()) for value in after.rewards.values())


@pytest.mark.parametrize(
    "parameters",
    [{}, {"build_skill": {"kind": "pareto"}, "starts": {"kind": "anywhere"}}, {"starts": {"kind": "sides"}}],
)
def test_everything_drawn_is_drawn_from_the_key(parameters: dict[str, Any]) -> None:
    # Foundation draws the ranked skills of Split-World from a generator that nobody seeds.
    torch.manual_seed(1)
    np.random.seed(1)
    first = leaves(game_of(**parameters).reset(random.keys(7, 3)))
    torch.manual_seed(2)
    np.random.seed(2)
    again = leaves(game_of(**parameters).reset(random.keys(7, 3)))
    assert all(torch.equal(first[name], again[name]) for name in first)
    other = leaves(game_of(**parameters).reset(random.keys(8, 3)))
    assert not torch.equal(first["world.gather_bonus"], other["world.gather_bonus"])


def test_what_escrow_shields_from_tax_is_on_the_books() -> None:
    # The published rule lets open bids keep coin from the tax office; here the accounts say how much.
    game = game_of(starting_coin=0.0, components=("trade", {"kind": "tax", "period": 1}), workers=2)
    state = game.reset(random.keys(0, 1))
    state = replace(state, world=replace(state.world, coin=torch.tensor([[10.0, 0.0]], dtype=torch.float64)))
    everything = torch.ones((1, 1, 7), dtype=torch.float64)
    bid_ten = torch.tensor([[11, 0]])
    accounts = game.accounts(game.step(state, {"worker": bid_ten, "planner": everything}).state)
    assert accounts["tax"].sum() == 0
    assert accounts["tax_shielded"][0].tolist() == [10, 0]


# --- EconoJax ---------------------------------------------------------------------------------------------------------


def test_1_trades_are_not_at_the_newer_orders_price() -> None:
    assert Exchange(2).place({0: "ask_wood_2"}).place({1: "bid_wood_9"}).world.coin[0].tolist() == [102, 98]
    assert Exchange(2).place({1: "bid_wood_9"}).place({0: "ask_wood_2"}).world.coin[0].tolist() == [109, 91]


def test_2_nobody_buys_from_itself() -> None:
    market = Exchange(2).place({0: "ask_stone_2"}).place({0: "bid_stone_9"})
    assert market.book.bought.sum() == 0
    assert market.open_orders() == (1, 1)


def test_3_a_bid_meets_any_ask_and_not_only_that_of_its_rank() -> None:
    # Best with best and second with second would pair each worker with itself.
    market = Exchange(2).place({0: "ask_stone_2", 1: "ask_stone_3"}).place({0: "bid_stone_9", 1: "bid_stone_8"})
    assert market.gains() == {0: (2.0 - 3.0, 0), 1: (3.0 - 2.0, 0)}
    assert market.open_orders() == (0, 0)


def test_4_an_empty_market_has_no_offer_at_price_zero() -> None:
    market = Exchange(2)
    names = [name for name in market.game.roles["worker"].features if "asks" in name or "bids" in name]
    assert len(names) == 4 * 2 * 11
    assert [market.sees(1, name) for name in names] == [0] * len(names)
    market.place({0: "ask_stone_4"})
    assert {name for name in names if market.sees(1, name)} == {"available_asks-stone_4"}


def test_5_the_last_period_is_taxed() -> None:
    game = game_of(horizon=40, components=({"kind": "tax", "period": 4},), workers=2)
    state = game.reset(random.keys(0, 1))
    idle, half = torch.zeros((1, 2), dtype=torch.int64), torch.full((1, 1, 7), 0.5, dtype=torch.float64)
    for _ in range(40):
        richer = replace(state.world, coin=state.world.coin + torch.tensor([[1.0, 0.0]], dtype=torch.float64))
        transition = game.step(replace(state, world=richer), {"worker": idle, "planner": half})
        state = transition.state
    assert bool(transition.terminated)
    assert game.accounts(state)["tax_by_period"][0, 0].tolist() == [2.0] * 10


def test_6_building_without_goods_pays_nothing() -> None:
    game = game_of()
    state = game.reset(random.keys(0, 4))
    builds = {"worker": torch.ones((4, 4), dtype=torch.int64), "planner": torch.zeros((4, 1, 7), dtype=torch.int64)}
    mask = game.observe(state)["worker"].action_mask
    assert mask is not None
    assert not mask[..., 1].any()
    after = game.step(state, builds).state.world
    assert after.coin.sum() == after.built.sum() == (after.goods < 0).sum() == 0
    assert after.labour.sum() <= 4 * 4  # of a unit that somebody starts on, none of building


def test_6b_actions_that_do_not_exist_do_nothing() -> None:
    game = game_of(components=("build", "trade", "gather"), workers=2)
    state = game.reset(random.keys(0, 1))
    nothing = game.step(state, {"worker": torch.tensor([[0, 0]])}).state
    unknown = game.step(state, {"worker": torch.tensor([[-3, 50]])}).state
    assert all(torch.equal(leaves(nothing)[name], value) for name, value in leaves(unknown).items())


def test_7_a_loss_is_not_taxed_at_the_top_rate() -> None:
    game = game_of(starting_coin=50.0, components=({"kind": "tax", "period": 1},), workers=2)
    state = game.reset(random.keys(0, 1))
    state = replace(state, world=replace(state.world, coin=state.world.coin - 20))
    everything = torch.ones((1, 1, 7), dtype=torch.float64)
    after = game.step(state, {"worker": torch.zeros((1, 2), dtype=torch.int64), "planner": everything}).state
    accounts = game.accounts(after)
    assert accounts["income"][0].tolist() == [-20, -20]
    assert accounts["tax"].sum() == accounts["marginal_rate_by_period"].sum() == 0


def test_8_the_cap_on_orders_lets_none_slip_through() -> None:
    market = Exchange(2)
    for price in (1, 2, 3, 4, 5, 6, 7):
        market.place({0: f"bid_stone_{price}"})
    assert market.open_orders() == (5, 0)
    assert int(market.world.coin_in_escrow[0, 0]) == 1 + 2 + 3 + 4 + 5
    assert float(market.world.labour[0, 0]) == 5 * 0.25
