"""Who gains and who loses, by hand: by utility, in money, with components that add up."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from econsim import kinds, random
from econsim.analysis.counterfactual import gains_table, money_gain
from econsim.economies import one_step
from econsim.economies.one_step.utility import Isoelastic
from econsim.scenario import load

PEOPLE = 40
RANK = np.arange(1.0, PEOPLE + 1.0)
BEFORE = {"utility": RANK, "income": RANK, "tax": 0 * RANK, "rebate": 0 * RANK, "consumption": RANK}


def test_the_poorer_half_wins_what_the_richer_half_loses() -> None:
    gain = np.where(RANK <= PEOPLE // 2, 10.0, -10.0)
    moved = {"utility": RANK + gain, "consumption": RANK + gain}
    after = {**BEFORE, **moved, "rebate": np.maximum(gain, 0), "tax": np.maximum(-gain, 0)}
    table = gains_table(BEFORE, after, gain=gain)
    assert table is not None
    by_decile = table.set_index("decile")
    assert by_decile["winners"].tolist() == pytest.approx([1.0] * 5 + [0.0] * 5 + [0.5])
    assert by_decile["losers"].tolist() == pytest.approx([0.0] * 5 + [1.0] * 5 + [0.5])
    # The lowest tenth are people with 1 to 4, 2.5 on average.
    assert by_decile.loc[1, ["consumption", "consumption_change", "rebate_change", "gain"]].tolist() == [
        2.5,
        10,
        10,
        10,
    ]
    assert by_decile.loc["all", "gain"] == pytest.approx(0.0, abs=1e-12)
    assert "other_change" not in table


def test_who_works_less_may_consume_less_and_win() -> None:
    after = {**BEFORE, "utility": RANK + 1.0, "income": RANK - 0.5, "consumption": RANK - 0.5}
    table = gains_table(BEFORE, after)
    assert table is not None
    assert set(table["winners"]) == {1.0}
    assert "gain" not in table


def test_other_sources_of_consumption_are_a_column_of_their_own() -> None:
    table = gains_table(BEFORE, {**BEFORE, "income": RANK + 2.0, "consumption": RANK + 5.0})
    assert table is not None
    assert table["other_change"].to_numpy() == pytest.approx(3.0)


def test_a_person_split_into_two_of_half_the_weight_changes_nothing() -> None:
    weight = 1.0 + RANK % 3
    gain = np.cos(RANK)
    after = {**BEFORE, "utility": RANK + gain}
    whole = gains_table(BEFORE, after, weight, gain)
    split = ({name: np.repeat(values, 2) for name, values in side.items()} for side in (BEFORE, after))
    halves = gains_table(*split, np.repeat(weight, 2) / 2, np.repeat(gain, 2))
    assert whole is not None
    assert halves is not None
    for name in whole.columns.drop("decile"):
        assert halves[name].to_numpy(dtype=float) == pytest.approx(whole[name].to_numpy(dtype=float), abs=1e-12)


def test_utility_that_is_not_in_money_is_valued_by_the_lump_sum_that_is_worth_as_much() -> None:
    """Logarithmic utility of consumption: one unit of utility is worth consumption times e - 1."""
    family = Isoelastic(risk_aversion=1.0, labour_cost=1e-9)
    game = kinds.load("economies", "one_step").build(one_step.Parameters(workers=3, utility=family))
    consumption = torch.tensor([[10_000.0, 20_000.0, 50_000.0]], dtype=torch.float64)
    hours = torch.full_like(consumption, 40.0)
    before = {"skill": hours, "hours": hours, "consumption": consumption}
    before["utility"] = game.utility_with(before, torch.zeros_like(consumption))
    gain = money_gain(game, before, before["utility"] + torch.tensor([1.0, 0.0, -1.0]))
    amounts = np.array([10_000.0, 20_000.0, 50_000.0]) + family.home_consumption
    assert gain == pytest.approx(amounts * np.array([np.e - 1, 0.0, 1 / np.e - 1]), rel=1e-6, abs=1e-3)


def test_a_lump_sum_of_nothing_gives_the_utility_of_the_accounts() -> None:
    game = load("gather_trade_build", {"headline": "none"}).build_game(dtype=torch.float64)
    accounts = game.accounts(game.reset(random.keys(3, 2)))
    same = game.utility_with(accounts, torch.zeros_like(accounts["consumption"]))
    assert same.numpy() == pytest.approx(accounts["utility"].double().numpy())
