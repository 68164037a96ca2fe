"""The isoelastic family against brute force that shares no code with it: numpy, a fine grid of hours, a fixed point."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from econsim.agents.best_response import BestResponse, Parameters
from econsim.leader_evaluation import play_proposals
from econsim.mechanisms.us_law import Law
from econsim.scenario import load

THRESHOLDS = np.array([0.0, 47_150.0, 191_950.0])
CURVATURE, LABOUR_COST, LABOUR_EXPONENT, UNIT, HOME = 0.5, 0.0002, 2.5, 1000.0, 1.0
HOURS = np.linspace(0.0, 100.0, 20_001)


def brute_force(skill: np.ndarray, rates: np.ndarray) -> tuple[float, float, float]:
    """Return mean utility, mean hours and the rebate when everybody picks the best of 20,001 hours."""
    income = skill[:, None] * HOURS
    tops = np.append(THRESHOLDS[1:], np.inf)
    in_bracket = np.clip(income[..., None], THRESHOLDS, tops) - THRESHOLDS
    tax = (in_bracket * rates).sum(-1)
    pain = LABOUR_COST * HOURS**LABOUR_EXPONENT
    rebate = 0.0
    for _ in range(200):
        units = (income - tax + rebate + HOME) / UNIT
        utility = (units ** (1 - CURVATURE) - 1) / (1 - CURVATURE) - pain
        best = utility.argmax(-1)
        paid = np.take_along_axis(tax, best[:, None], 1).mean()
        if abs(paid - rebate) < 1e-9:
            break
        rebate = 0.5 * rebate + 0.5 * paid
    return float(utility.max(-1).mean()), float(HOURS[best].mean()), float(rebate)


@pytest.mark.parametrize("rates", [(0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.2, 0.45, 0.3)])
def test_welfare_hours_and_rebate_agree_with_brute_force(rates: tuple[float, ...]) -> None:
    game = load("one_step_income_effects").build(dtype=torch.float64)[0]
    worker = {"worker": BestResponse(Parameters())}
    proposal = torch.tensor([rates], dtype=torch.float64)
    accounts = game.accounts(play_proposals(game, worker, "planner", proposal, seed=0)[1])
    utility, hours, rebate = brute_force(accounts["skill"][0].numpy(), np.array(rates))
    # Rounding to 0.005 hours moves a worker's tax by up to 1e-4, the rebate of 50 by 1.3e-5 of 38,000 dollars, and with
    # marginal utility near (60 units)^-0.5 a thousand dollars utility by 5e-6 of itself; four of those.
    assert accounts["welfare"].item() == pytest.approx(utility, rel=2e-5)
    assert accounts["hours"].mean().item() == pytest.approx(hours, abs=0.003)
    assert accounts["rebate"][0, 0].item() == pytest.approx(rebate, rel=1e-4, abs=1e-6)


def test_the_headline_is_the_brute_force_value() -> None:
    scenario = load("one_step_income_effects")
    assert scenario.headline is not None
    game = scenario.build(dtype=torch.float64)[0]
    skill = (game.income[0] / 40).numpy()  # type: ignore[attr-defined]
    assert scenario.headline.value == pytest.approx(brute_force(skill, np.full(3, 0.5))[0], rel=1e-4)


def test_incomes_under_the_law_of_several_values_of_a_parameter_are_those_of_each_alone() -> None:
    """A planner that announces the law asks for them, in a batch of environment copies that differ in a parameter."""
    game = load("one_step_income_effects").build(dtype=torch.float64)[0]
    law = Law().schedule()
    values = torch.tensor([0.3, 0.5, 0.7], dtype=torch.float64)
    together, _ = game.with_parameters(risk_aversion=values).declared_incomes(law.thresholds, law.rates)  # type: ignore[attr-defined]
    for aversion, incomes in zip(values, together, strict=True):
        alone, _ = game.with_parameters(risk_aversion=aversion).declared_incomes(law.thresholds, law.rates)  # type: ignore[attr-defined]
        assert torch.equal(incomes, alone)
