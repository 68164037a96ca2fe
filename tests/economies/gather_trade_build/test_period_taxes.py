"""Taxes of Gather-Trade-Build: the published amounts, when rates change and taxes fall, and what escrow does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.reference.people import Worker
from econsim.economies.gather_trade_build.reference.taxes import TaxOffice
from econsim.economies.gather_trade_build.world import State

FEDERAL = [0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37]
THRESHOLDS = (0.0, 9.7, 39.475, 84.2, 160.725, 204.1, 510.3)


def taxes_only(workers: int = 4, coin: float = 0.0, **tax: Any) -> GatherTradeBuild:
    settings = Parameters.model_validate(
        {"workers": workers, "components": ({"kind": "tax", **tax},), "starting_coin": coin}
    )
    game = GatherTradeBuild(settings).to(dtype=torch.float64)
    assert isinstance(game, GatherTradeBuild)
    return game


def give(state: State, coin: Tensor, in_escrow: Tensor | float = 0.0) -> State:
    """Return the state after everybody has gained coin, at hand and in escrow."""
    world = state.world
    return replace(
        state,
        world=replace(world, coin=world.coin + coin, coin_in_escrow=world.coin_in_escrow + in_escrow),
    )


def step(game: GatherTradeBuild, state: State, announced: Tensor) -> State:
    idle = torch.zeros(state.world.position.shape, dtype=torch.int64)
    return game.step(state, {"worker": idle, "planner": announced.expand(idle.shape[0], 1, -1)}).state


def rates(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def office() -> TaxOffice:
    taxed = Worker(0, (0, 0), 0.0, 10.0, 0.0, 0.21, 0.23, "planner")
    found = TaxOffice("planner", [taxed], 100, THRESHOLDS, 0.05, 1.0)
    found.announce(FEDERAL)
    return found


def test_brackets_are_the_published_ones() -> None:
    assert tuple(taxes_only().thresholds.tolist()) == THRESHOLDS


# The spec's figures for US federal rates (1.8), printed with four decimals; the last two are added up by hand.
@pytest.mark.parametrize(
    ("income", "tax"),
    [(9.7, 0.97), (50.0, 6.8585), (100.0, 18.1745), (204.1, 46.6285), (600.0, 186.9875), (0.0, 0.0), (-30.0, 0.0)],
)
def test_federal_tax_has_the_published_amounts(income: float, tax: float) -> None:
    game = taxes_only(workers=1, coin=max(0.0, -income), period=1)  # what it may lose
    # A worker who is alone gets its tax back; the account tells what was paid.
    state = give(game.reset(random.keys(0, 1)), torch.tensor([[income]], dtype=torch.float64))
    assert float(game.accounts(step(game, state, rates(FEDERAL)))["tax"]) == pytest.approx(tax, abs=1e-9)
    assert office().tax_on(income) == pytest.approx(tax, abs=1e-9)


@pytest.mark.parametrize(
    ("income", "rate"),
    [(-1.0, 0.0), (0.0, 0.10), (9.69, 0.10), (9.7, 0.12), (39.475, 0.22), (84.2, 0.24), (510.3, 0.37), (9999.0, 0.37)],
)
def test_the_marginal_rate_at_a_threshold_is_the_upper_one(income: float, rate: float) -> None:
    game = taxes_only(workers=1, coin=max(0.0, -income))  # what it may lose
    state = step(game, game.reset(random.keys(0, 1)), rates(FEDERAL))
    seen = game.observe(give(state, torch.tensor([[income]], dtype=torch.float64)))["worker"].features
    assert float(seen[0, 0, game.roles["worker"].features.index("marginal_rate")]) == rate
    assert office().marginal_rate(income) == rate


def test_rates_change_as_periods_begin_and_taxes_fall_as_they_end() -> None:
    game = taxes_only(workers=2, brackets=[0])
    state = game.reset(random.keys(0, 1))
    assert float(state.parts["tax"].rates) == 0.0
    changed, collected, announced_at = [], [], []
    income = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    for number in range(1, 1001):  # steps are counted from one
        if bool(game.observe(state)["planner"].acting):
            announced_at.append(number)
        after = step(game, give(state, income), rates([number / 2000]))
        if not torch.equal(after.parts["tax"].rates, state.parts["tax"].rates):
            changed.append(number)
        if float(after.world.coin[0, 1]) > float(state.world.coin[0, 1]):
            collected.append(number)
        state = after
    assert changed == announced_at == list(range(1, 1000, 100))
    assert collected == list(range(100, 1001, 100))
    # One coin a step: 100 a period at the rate announced in its first step, (1 + 101 + ... + 901) / 2000 in all.
    accounts = game.accounts(state)
    assert float(accounts["tax"].sum()) == pytest.approx(100 * sum(range(1, 1000, 100)) / 2000)


def test_escrow_counts_as_income_but_shields_coin_from_collection() -> None:
    game = taxes_only(period=1)
    at_hand = torch.tensor([[50.0, 2.0, 0.0, 0.0]], dtype=torch.float64)
    in_escrow = torch.tensor([[0.0, 48.0, 50.0, 0.0]], dtype=torch.float64)
    after = step(game, give(game.reset(random.keys(0, 1)), at_hand, in_escrow), rates(FEDERAL))
    accounts = game.accounts(after)
    assert accounts["income"][0].tolist() == [50, 50, 50, 0]
    assert accounts["tax"][0].tolist() == pytest.approx([6.8585, 2.0, 0.0, 0.0])  # min(tax, coin at hand)
    assert accounts["tax_shielded"][0].tolist() == pytest.approx([0.0, 4.8585, 6.8585, 0.0])
    share = 8.8585 / 4
    assert accounts["rebate"][0].tolist() == pytest.approx([share] * 4)
    assert after.world.coin[0].tolist() == pytest.approx([50 - 6.8585 + share, share, share, share])


def test_income_runs_from_one_collection_to_the_next_rebate_excluded() -> None:
    game = taxes_only(workers=2, period=2)
    state = give(game.reset(random.keys(0, 1)), torch.tensor([[10.0, 0.0]], dtype=torch.float64))
    half = rates([0.5] * 7)
    for change in (0.0, 0.0, -2.0, 1.0):
        state = step(game, give(state, torch.full((1, 2), change, dtype=torch.float64)), half)
    accounts = game.accounts(state)
    # 10 and 0, of which 5 are shared; then both lose 1, which is no income to tax.
    assert accounts["income_by_period"][0, :, :2].tolist() == [[10, -1], [0, -1]]
    assert accounts["tax_by_period"][0, :, :2].tolist() == [[5, 0], [0, 0]]
    assert state.world.coin[0].tolist() == [6.5, 1.5]


def test_taxes_move_coin_and_neither_make_nor_destroy_it() -> None:
    game = taxes_only(workers=10, period=1)
    coin = 400 * random.uniform(random.keys(2, 64), 0, "coin", (10,), torch.float64)
    after = step(game, give(game.reset(random.keys(1, 64)), coin), rates(FEDERAL)).world.coin
    assert (after.sum(1) - coin.sum(1)).abs().max() < 1e-10  # rounding of sums near 2,000
    assert (after.std(1) < coin.std(1)).all()


def test_options_are_keep_and_21_rates_within_the_cap() -> None:
    game = taxes_only(highest_rate=0.3)
    state = game.reset(random.keys(0, 1))
    mask = game.observe(state)["planner"].action_mask
    assert mask is not None
    assert mask.view(7, 22).tolist() == [[True] * 8 + [False] * 14] * 7  # keep, then 0, 5, ..., 30 %
    state = step(game, state, torch.tensor([0, 1, 2, 7, 8, 22, 21]))
    assert state.parts["tax"].rates[0, 0].tolist() == pytest.approx([0, 0, 0.05, 0.3, 0, 0, 0])
    later = game.observe(state)["planner"].action_mask
    assert later is not None
    assert later.view(7, 22).tolist() == [[True] + [False] * 21] * 7
    assert torch.equal(step(game, state, torch.full((7,), 3)).parts["tax"].rates, state.parts["tax"].rates)


def test_a_kept_rate_lasts_into_the_next_period_and_not_into_the_next_episode() -> None:
    game = taxes_only(period=1, brackets=[0, 10])
    state = step(game, game.reset(random.keys(0, 1)), torch.tensor([5, 3]))
    assert state.parts["tax"].rates[0, 0].tolist() == pytest.approx([0.2, 0.1])
    state = step(game, state, torch.tensor([0, 11]))
    assert state.parts["tax"].rates[0, 0].tolist() == pytest.approx([0.2, 0.5])
    assert game.reset(random.keys(1, 1)).parts["tax"].rates.abs().sum() == 0


def test_announced_numbers_are_cut_at_the_cap() -> None:
    game = taxes_only(highest_rate=0.25)
    state = step(game, game.reset(random.keys(0, 1)), rates(FEDERAL))
    assert state.parts["tax"].rates[0, 0].tolist() == [0.10, 0.12, 0.22, 0.24, 0.25, 0.25, 0.25]


def test_calendar_and_last_incomes_are_seen_in_the_published_units() -> None:
    game = taxes_only(period=4, workers=3)
    names = game.roles["worker"].features
    state, days = game.reset(random.keys(0, 1)), []
    for _ in range(4):
        seen = dict(zip(names, game.observe(state)["worker"].features[0, 0].tolist(), strict=True))
        days.append((seen["is_first_day"], seen["is_tax_day"], seen["tax_phase"]))
        state = step(game, give(state, torch.tensor([[3.0, 1.0, 2.0]], dtype=torch.float64)), rates(FEDERAL))
    assert days == [(1, 0, 0.25), (0, 0, 0.5), (0, 0, 0.75), (0, 1, 1.0)]
    seen = dict(zip(names, game.observe(state)["worker"].features[0, 0].tolist(), strict=True))
    assert [seen[f"last_incomes_{rank}"] for rank in range(3)] == [1, 2, 3]  # 4, 8 and 12 coin in 4 steps, ascending
    assert [seen[f"curr_rates_{bracket}"] for bracket in range(7)] == FEDERAL
    planner = dict(
        zip(game.roles["planner"].features, game.observe(state)["planner"].features[0, 0].tolist(), strict=True)
    )
    assert [planner[f"last_income_of_worker_{worker}"] for worker in range(3)] == [3, 1, 2]
    assert [planner[f"last_marginal_rate_of_worker_{worker}"] for worker in range(3)] == [0.12, 0.10, 0.10]
