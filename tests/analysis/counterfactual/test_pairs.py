"""Pairs of the one-step economy: one batch, small errors, and effects that add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import econsim
from econsim import random
from econsim.agents import best_response, fixed_hours
from econsim.analysis.counterfactual import (
    Played,
    behaviour_held,
    decomposed,
    dose_response,
    effects_table,
    gains_by_decile,
    paired_difference,
    play_pair,
    play_points,
    revenue_effects,
)
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.planners import flat, us_federal

KEY = random.fold(random.keys(1, 24), "pairs")
PEOPLE = {"redraw_population": True, "hours_step": None}


def game(**parameters: Any) -> Game[Any]:
    return econsim.make("one_step", **{"workers": 50, **PEOPLE, **parameters}).to(dtype=torch.float64)


def players(planner: Agent) -> dict[str, Agent]:
    return {"worker": best_response.BestResponse(best_response.Parameters()), "planner": planner}


FLAT, FEDERAL = flat.Flat(flat.Parameters(rate=0.3)), us_federal.UsFederal(us_federal.Parameters())


def test_one_batch_gives_bit_for_bit_what_two_games_give() -> None:
    pair = play_pair(game(), players(FEDERAL), KEY, elasticity=0.25)
    alone = play_points(game().with_parameters(elasticity=torch.tensor(0.25)), players(FEDERAL), KEY, {})[0]
    for name, value in alone.accounts.items():
        assert torch.equal(pair.reform.accounts[name], value), name
    # Same people on both sides, and every episode has its own.
    skills = [side.accounts["skill"] for side in (pair.baseline, pair.reform)]
    assert torch.equal(*skills)
    assert len(skills[0][:, 0].unique()) == len(KEY)


def test_copies_may_be_played_in_turn() -> None:
    values = {"elasticity": [0.2, 0.3, 0.4]}
    at_once = play_points(game(), players(FLAT), KEY, values)
    in_turn = play_points(game(), players(FLAT), KEY, values, most_copies=30)
    for one, other in zip(at_once, in_turn, strict=True):
        assert np.array_equal(one.measured("welfare"), other.measured("welfare"))


def test_another_planner_and_another_game_may_be_the_reform() -> None:
    other = game(standard_deduction=14_600.0)
    pair = play_pair(game(), players(FEDERAL), KEY, reform_game=other)
    assert (pair.reform.measured("revenue") < pair.baseline.measured("revenue")).all()
    swapped = play_pair(game(), players(FEDERAL), KEY, {"planner": FLAT})
    # Everybody works 60 (1 - t)^0.4 hours under a flat tax.
    assert swapped.reform.measured("mean_hours") == pytest.approx(60 * 0.7**0.4)
    with pytest.raises(UserError, match=r"elasticty: no such numeric parameter \(did you mean elasticity\?\)"):
        play_pair(game(), players(FLAT), KEY, elasticty=0.3)
    with pytest.raises(UserError, match="same number of values"):
        play_points(game(), players(FLAT), KEY, {"elasticity": [0.1, 0.2], "untaxed_hours": [60.0]})


def test_pairs_are_at_least_five_times_as_sure_as_two_samples() -> None:
    """The reform of ``benchmarks/paired_errors.py`` with fewer people; there it is 19 for welfare."""
    pair = play_pair(game(), players(FEDERAL), random.fold(random.keys(3, 200), "pairs"), elasticity=0.3)
    for metric in ("welfare", "mean_utility", "mean_income", "revenue"):
        found = paired_difference(pair.baseline.measured(metric), pair.reform.measured(metric))
        assert found.times_smaller is not None
        assert found.times_smaller > 5
        assert found.low is not None and found.high is not None  # noqa: PT018
        assert found.low < found.difference < found.high


def test_paired_and_unpaired_errors_by_hand() -> None:
    found = paired_difference([1.0, 3.0, 5.0], [2.0, 4.0, 9.0])
    assert (found.baseline, found.reform, found.difference) == pytest.approx((3, 5, 2))
    assert found.error == pytest.approx(np.sqrt(3 / 3))
    assert found.unpaired_error == pytest.approx(np.sqrt((4 + 13) / 3))
    same = paired_difference([1.0, 1.0], [2.0, 2.0])
    assert (same.error, same.unpaired_error, same.times_smaller, same.low) == (0.0, 0.0, None, None)
    assert (same.difference, same.method) == (1.0, "none: all values are equal")
    assert paired_difference([1.0, 2.0], [2.0, 3.0]).times_smaller == np.inf
    assert paired_difference([1.0], [2.0]).error is None
    with pytest.raises(UserError, match="one number per episode"):
        paired_difference([1.0], [1.0, 2.0])


def test_mechanical_and_behavioural_effects_add_up_to_the_total() -> None:
    baseline_game, agents = game(), players(FEDERAL)
    pair = play_pair(baseline_game, agents, KEY, {"planner": FLAT})
    held = behaviour_held(baseline_game, agents, KEY, {"planner": FLAT})
    assert torch.equal(held.accounts["hours"], pair.baseline.accounts["hours"])
    for name in ("tax", "consumption", "utility", "welfare"):
        parts = (side.accounts[name].numpy() for side in (pair.baseline, held, pair.reform))
        effects = decomposed(*parts)
        # A sum of two differences of the same float64 numbers.
        assert effects.mechanical + effects.behavioural == pytest.approx(effects.total, rel=1e-9, abs=1e-9)
    table = effects_table(pair.baseline, held, pair.reform, ["revenue", "mean_hours"]).set_index("metric")
    both = table["mechanical"] + table["behavioural"]
    assert both.to_numpy() == pytest.approx(table["difference"].to_numpy(), rel=1e-9)
    assert table.loc["mean_hours", "mechanical"] == 0
    assert table.loc["revenue", "behavioural"] < 0 < table.loc["revenue", "mechanical"]


def test_revenue_effects_from_schedules_are_those_of_the_game() -> None:
    baseline_game, agents = game(), players(FEDERAL)
    pair = play_pair(baseline_game, agents, KEY, {"planner": FLAT})
    held = behaviour_held(baseline_game, agents, KEY, {"planner": FLAT})
    schedules = [(side.accounts["thresholds"][0], side.accounts["rates"][0]) for side in (pair.baseline, pair.reform)]
    incomes = [side.of_people("income") for side in (pair.baseline, pair.reform)]
    assert incomes[0] is not None and incomes[1] is not None  # noqa: PT018
    found = revenue_effects(incomes[0], incomes[1], *schedules).iloc[0]
    sums = {name: side.measured("revenue").sum() for name, side in
            (("baseline", pair.baseline), ("held", held), ("reform", pair.reform))}  # fmt: skip
    assert found["baseline"] == pytest.approx(sums["baseline"], rel=1e-9)
    assert found["mechanical"] == pytest.approx(sums["held"] - sums["baseline"], rel=1e-9)
    assert found["behavioural"] == pytest.approx(sums["reform"] - sums["held"], rel=1e-9)
    assert found["mechanical"] + found["behavioural"] == pytest.approx(found["total"], rel=1e-9)
    by_half = revenue_effects(incomes[0], incomes[1], *schedules, group=incomes[0] > np.median(incomes[0]))
    assert by_half.drop(columns="group").sum().to_numpy() == pytest.approx(found.drop("group").to_numpy(float))
    with pytest.raises(UserError, match="same people"):
        revenue_effects([1.0], [1.0, 2.0], *schedules)


def test_dose_and_response_of_hours_in_closed_form() -> None:
    values = [0.1, 0.2, 0.4, 0.8]
    table = dose_response(game(), players(FLAT), KEY, "elasticity", values, ["mean_hours", "welfare"])
    hours = table[table["metric"] == "mean_hours"]
    expected = 60 * 0.7 ** np.array(values)
    assert hours["mean"].to_numpy() == pytest.approx(expected)
    assert hours["difference"].to_numpy() == pytest.approx(expected - expected[0])
    assert hours["slope"].to_numpy()[1:] == pytest.approx(np.diff(expected) / np.diff(values))
    assert np.isnan(hours["slope"].iloc[0])
    assert len(table) == 8
    with pytest.raises(UserError, match="list of values"):
        dose_response(game(), players(FLAT), KEY, "elasticity", 0.3)


def test_gains_by_decile_of_a_flat_tax_for_brackets() -> None:
    pair = play_pair(game(), players(FEDERAL), KEY, {"planner": FLAT})
    table = gains_by_decile(pair.baseline, pair.reform)
    assert table is not None
    assert table["decile"].tolist() == [*range(1, 11), "all"]
    everybody, table = table.iloc[-1], table.iloc[:-1]
    # A flat 30 % with an equal rebate takes from the upper half, but for the top rates, and gives to the lower.
    assert table["utility_change"].iloc[:9].is_monotonic_decreasing
    assert table["winners"].iloc[0] == 1
    assert table["losers"].iloc[7] == 1
    assert (table["winners"] + table["losers"]).to_numpy() == pytest.approx(1)
    # Taxes are paid back, so that consumption changes by income on average.
    assert everybody["consumption_change"] == pytest.approx(everybody["income_change"])
    # Utility is in money, and the income account leaves nothing unexplained.
    assert table["gain"].to_numpy() == pytest.approx(table["utility_change"].to_numpy())
    assert "other_change" not in table
    few = play_pair(game(workers=4), players(FEDERAL), KEY[:1], {"planner": FLAT})
    assert gains_by_decile(few.baseline, few.reform) is None


def test_numbers_of_episodes_weigh_people_and_have_names() -> None:
    fixed = {"worker": fixed_hours.FixedHours(fixed_hours.Parameters(hours=40)), "planner": FLAT}
    played = play_points(game(), fixed, KEY, {})[0]
    accounts = {**played.accounts, "weight": torch.arange(1, 51, dtype=torch.float64).expand(24, -1)}
    weighted = Played(played.game, accounts, played.returns)
    expected = np.average(accounts["income"].numpy(), weights=np.arange(1, 51), axis=1)
    assert weighted.measured("mean_income") == pytest.approx(expected)
    with pytest.raises(UserError, match="did you mean mean_income,"):
        played.measured("mean_incom")
