"""Negative marginal rates in the economies: closed-form liabilities, best responses, and budgets that are closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild
from econsim.economies.gather_trade_build import Parameters as GatherTradeBuildParameters
from econsim.economies.gather_trade_build.reference.comparison import Trial
from econsim.economies.one_step import OneStep, Parameters
from econsim.mechanisms.taxes import brackets_tax

# A credit like the US EITC: 40 % phased in to 10,000, a plateau to 20,000, phased out at 21 %, then a tax of 25 %.
ENDS = (0.0, 10_000.0, 20_000.0, 39_048.0)
CREDIT = (-0.40, 0.0, 0.21, 0.25)
ISOELASTIC = {"kind": "isoelastic", "labour_cost": 1e-4, "labour_exponent": 2.5, "risk_aversion": 1.0}


def economy(utility: dict[str, Any] | None = None, **more: Any) -> OneStep:
    given = {"brackets": ENDS, "status_quo": CREDIT, "lowest_rate": -1.0, "workers": 24, **more}
    parameters = Parameters.model_validate(given | ({} if utility is None else {"utility": utility}))
    game = OneStep(parameters).to(dtype=torch.float64)
    assert isinstance(game, OneStep)
    return game


def schedule(*rates: float) -> Tensor:
    return torch.tensor([rates], dtype=torch.float64)


def test_liabilities_of_the_credit_are_those_of_its_formula() -> None:
    income = torch.tensor([0.0, 5_000.0, 10_000.0, 15_000.0, 30_000.0, 39_048.0, 60_000.0], dtype=torch.float64)
    phase_in = 0.40 * income.clamp(max=10_000)
    expected = -(phase_in - 0.21 * (income.clamp(max=39_048.0) - 20_000).clamp(min=0))
    expected = expected + 0.25 * (income - 39_048.0).clamp(min=0)
    tax = brackets_tax(income, torch.tensor(ENDS, dtype=torch.float64), torch.tensor(CREDIT, dtype=torch.float64))
    assert tax.tolist() == pytest.approx(expected.tolist(), abs=1e-9)
    assert tax[2] == -4_000.0


rates_of_brackets = st.lists(st.floats(-1.0, 0.95), min_size=4, max_size=4)


# The grid of 0.05 hours costs at most the curvature of utility times its square; 1e-6 of income is far above that.
@pytest.mark.parametrize("step", [None, 0.5])
@settings(max_examples=8, deadline=None)
@given(rates_of_brackets, st.sampled_from([0.05, 0.4, 1.0, 3.0]))
def test_best_hours_under_subsidies_are_those_of_brute_force(
    step: float | None, rates: list[float], elasticity: float
) -> None:
    game = economy({"kind": "calibrated", "elasticity": elasticity, "untaxed_hours": 45}, hours_step=step)
    budget, skill = game.budget(schedule(*rates)), game.population_skill
    values, rebate = game.values(skill), torch.zeros(1, 1, dtype=torch.float64)
    grid = torch.arange(0, 100.001, step or 0.05, dtype=torch.float64)
    best = game.family.choice_values(values, skill, rebate, grid, budget).amax(-1)
    hours = game.best_hours(schedule(*rates))
    income = skill * hours
    own = game.family.utility(values, skill, income - budget.tax(income), hours)
    assert bool((own >= best - 1e-6 * (skill * 40)).all())


@settings(max_examples=6, deadline=None)
@given(rates_of_brackets)
def test_isoelastic_best_hours_are_those_of_brute_force_at_a_rebate_that_is_revenue(rates: list[float]) -> None:
    game = economy(ISOELASTIC)
    budget, skill = game.budget(schedule(*rates)), game.population_skill
    values = game.values(skill)
    rebate = game.family.expected_rebate(values, skill, game.weight, budget)
    grid = torch.arange(0, 100.001, 0.05, dtype=torch.float64)
    best = game.family.choice_values(values, skill, rebate, grid, budget).amax(-1)
    hours = game.family.best_hours(values, skill, rebate, budget)
    income = skill * hours
    own = game.family.utility(values, skill, income - budget.tax(income) + rebate, hours)
    assert bool((own >= best - 1e-6).all())


@settings(max_examples=8, deadline=None)
@given(rates_of_brackets, st.sampled_from([None, ISOELASTIC]))
def test_credits_are_paid_by_the_rebate_or_a_levy(rates: list[float], utility: dict[str, Any] | None) -> None:
    game = economy(utility)
    state = game.reset(random.keys(1, 2))
    for _ in range(game.horizon):
        seen = game.observe(state)
        actions = {
            "planner": schedule(*rates).expand(2, 1, -1),
            "worker": game.best_response("worker", seen["worker"]),
        }
        state = game.step(state, actions).state
    accounts = game.accounts(state)
    assert game.conserved(state)["money"].abs().max() < 1e-6 * (1.0 + accounts["income"].sum())
    assert float(accounts["consumption"].mean()) == pytest.approx(float(accounts["income"].mean()), rel=1e-9)
    assert bool(torch.isfinite(accounts["utility"]).all() and torch.isfinite(accounts["welfare"]).all())


def test_a_levy_is_charged_where_credits_exceed_taxes() -> None:
    game = economy()
    hours, announced = torch.full((1, 24), 10.0, dtype=torch.float64), schedule(-0.5, -0.5, -0.5, -0.5)
    tax = game.budget(announced).tax(game.population_skill * hours)
    actions = {"planner": announced[:, None], "worker": hours}
    state = game.step(game.reset(random.keys(1, 1)), actions).state
    after = game.step(state, actions).state
    assert float(after.rebate) == pytest.approx(float((tax * game.weight).mean()))
    assert float(after.rebate) < 0


def test_utility_below_home_consumption_is_continuous_concave_and_finite() -> None:
    game = economy(ISOELASTIC)
    consumption = torch.tensor([[-2_000.0, -1.0, -1e-6, 0.0, 1e-6, 1.0, 2_000.0]], dtype=torch.float64)
    like = torch.ones_like(consumption)
    utility = game.family.utility(game.values(like), like, consumption, torch.zeros_like(consumption))[0]
    slopes = utility.diff() / consumption[0].diff()
    assert bool(torch.isfinite(utility).all())
    assert bool((slopes > 0).all())
    assert bool((slopes.diff() <= 1e-6).all())


def test_a_status_quo_below_the_lowest_rate_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"expected fractions between -0\.1 and 1"):
        Parameters(brackets=ENDS, status_quo=CREDIT, lowest_rate=-0.1)
    with pytest.raises(ValidationError, match="lowest_rate"):
        Parameters(lowest_rate=0.1)


# --- Gather-Trade-Build ---------------------------------------------------------------------------------------------


def village(**more: Any) -> GatherTradeBuild:
    tax = {"kind": "tax", "period": 5, "brackets": (0.0, 10.0, 30.0), "rate_step": 0.1}
    given = {"components": ("build", "trade", "gather", tax), "lowest_rate": -0.5, "horizon": 60, **more}
    game = GatherTradeBuild(GatherTradeBuildParameters.model_validate(given)).to(dtype=torch.float64)
    assert isinstance(game, GatherTradeBuild)
    return game


def collected(game: GatherTradeBuild, rates: Tensor, earned: Tensor) -> dict[str, Tensor]:
    """Return the accounts after one tax period in which workers earn ``earned`` coin."""
    state = game.reset(random.keys(1, 1))
    for time in range(5):
        idle = torch.zeros(state.world.position.shape, dtype=torch.int64)
        state = game.step(state, {"worker": idle, "planner": rates.expand(1, 1, -1)}).state
        if time == 0:
            state = replace(state, world=replace(state.world, coin=state.world.coin + earned))
    assert float(state.world.coin.min()) >= 0
    return {name: value[0] for name, value in game.accounts(state).items()}


def test_credits_within_revenue_are_paid_in_full_and_the_rest_is_rebated() -> None:
    earned = torch.tensor([[0.0, 5.0, 20.0, 60.0]], dtype=torch.float64)
    accounts = collected(village(), torch.tensor([-0.4, 0.2, 0.5], dtype=torch.float64), earned)
    owed = [0.0, -2.0, -2.0, 15.0]  # 60: -4 + 4 + 15
    assert accounts["tax"].tolist() == pytest.approx(owed)
    assert accounts["rebate"].tolist() == pytest.approx([11.0 / 4] * 4)
    assert accounts["credit_unpaid"].tolist() == [0.0] * 4


def test_credits_beyond_revenue_are_reduced_in_one_proportion_and_recorded() -> None:
    earned = torch.tensor([[0.0, 5.0, 10.0, 60.0]], dtype=torch.float64)
    accounts = collected(village(), torch.tensor([-0.5, 0.0, 0.2], dtype=torch.float64), earned)
    # Owed: 0, -2.5, -5 and -5 + 6 = 1. Revenue of 1 pays 1 / 7.5 of each credit.
    assert accounts["tax"].tolist() == pytest.approx([0.0, -2.5 / 7.5, -5.0 / 7.5, 1.0])
    assert accounts["credit_unpaid"].tolist() == pytest.approx([0.0, 2.5 * 6.5 / 7.5, 5.0 * 6.5 / 7.5, 0.0])
    assert accounts["rebate"].tolist() == pytest.approx([0.0] * 4, abs=1e-12)


def test_an_option_selects_a_negative_rate() -> None:
    game = village()
    labels = game.roles["planner"].option_labels[0]
    assert [labels[place] for place in (0, 1, 2, 6, -1)] == ["keep", "-0.5", "-0.4", "0", "1"]


def test_play_under_random_subsidies_agrees_with_the_reference() -> None:
    play = Trial(village(), random.keys(0, 2), "random")
    assert play.play(60) == []


def test_a_lowest_rate_off_the_grid_or_without_taxes_is_refused() -> None:
    with pytest.raises(ValidationError, match="multiple of the tax component's rate_step"):
        GatherTradeBuildParameters(lowest_rate=-0.33)
    with pytest.raises(ValidationError, match="lowest_rate: applies to the component tax"):
        GatherTradeBuildParameters.model_validate({"components": ("build", "gather"), "lowest_rate": -0.5})
