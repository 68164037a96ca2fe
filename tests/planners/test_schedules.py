"""Planners with a schedule: what they announce."""

from __future__ import annotations

import pytest
import torch

import econsim
from econsim import kinds, random
from econsim.economies.one_step import OneStep, Parameters
from econsim.errors import EconsimWarning, UserError
from econsim.game import Agent
from econsim.mechanisms.taxes import brackets_tax

STATUTORY = [0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37]


def planner(kind: str, **parameters: object) -> Agent:
    found = kinds.load("planners", kind)
    return found.build(found.parameters.model_validate(parameters))  # type: ignore[attr-defined,no-any-return]


def announced(mind: Agent, **economy: object) -> list[float]:
    game = OneStep(Parameters.model_validate(economy)).to(dtype=torch.float64)
    role = game.roles["planner"]
    memory = mind.start(game, role, 2)
    action, _ = mind.act(game.observe(game.reset(random.keys(0, 2)))["planner"], memory, random.keys(0, 2))
    assert action.shape == (2, 1, *role.action.shape)
    assert torch.equal(action[0], action[1])
    return [round(rate, 12) for rate in action[0, 0].tolist()]


def test_constant_schedules() -> None:
    assert announced(planner("free_market")) == [0.0] * 7
    assert announced(planner("flat", rate=0.25)) == [0.25] * 7
    assert announced(planner("fixed", rates=[0.1, 0.6]), brackets=[0, 50_000], status_quo=[0, 0]) == [0.1, 0.6]


def test_federal_rates_are_those_of_the_law() -> None:
    assert announced(planner("us_federal")) == STATUTORY
    with pytest.warns(EconsimWarning, match="brackets of the game are not those of the law of 2018"):
        other_year = announced(planner("us_federal", year=2018))
    assert other_year != STATUTORY


LISTED = {"workers": 2, "population": {"kind": "listed", "incomes": [20_000, 120_000]}}


def test_federal_rates_on_other_brackets_raise_the_revenue_of_the_law() -> None:
    """By hand: hours of 60 (1 - t)^0.4, at skills of 500 and 3,000 USD, end in the brackets of 12 % and 24 %."""
    low, high = 30_000 * 0.88**0.4, 180_000 * 0.76**0.4
    of_low = 1_160 + 0.12 * (low - 11_600)
    of_high = 1_160 + 0.12 * 35_550 + 0.22 * 53_375 + 0.24 * (high - 100_525)
    below = 1_160 + 0.12 * 35_550 + 0.22 * 2_850  # the tax at 50,000
    with pytest.warns(EconsimWarning, match=r"declare under the law\. The largest error"):
        rates = announced(planner("us_federal"), brackets=[0, 50_000], status_quo=[0, 0], **LISTED)
    expected = [(of_low + below) / (low + 50_000), (of_high - below) / (high - 50_000)]
    assert rates == pytest.approx(expected, abs=1e-12)
    with pytest.warns(EconsimWarning):
        flat = announced(planner("us_federal"), brackets=[0], status_quo=[0], **LISTED)
    assert flat == pytest.approx([(of_low + of_high) / (low + high)], abs=1e-12)


@pytest.mark.parametrize(
    "utility",
    [{"kind": "calibrated"}, {"kind": "isoelastic", "risk_aversion": 1, "labour_cost": 1e-3, "labour_exponent": 2}],
)
@pytest.mark.parametrize("brackets", [[0], [0, 50_000], [0, 90_000, 159_100]])
def test_status_quo_raises_the_revenue_of_the_law(brackets: list[float], utility: dict[str, object]) -> None:
    settings = {"utility": utility, "standard_deduction": 14_600, "workers": 60, "population": {"kind": "gb2"}}
    law = OneStep(Parameters.model_validate(settings)).to(dtype=torch.float64)
    earned = law.income[0] / 40 * law.best_hours(law.initial_rates[None])[0]  # type: ignore[attr-defined]
    taxable = (earned - 14_600).clamp(min=0)
    coarse = OneStep(Parameters.model_validate({**settings, "brackets": brackets}))
    revenue = brackets_tax(taxable, coarse.thresholds, coarse.initial_rates).sum()
    assert "largest error in a person's tax" in coarse.advice()[-1]
    assert not law.advice()
    assert float(revenue) == pytest.approx(float(brackets_tax(taxable, law.thresholds, law.initial_rates).sum()))  # type: ignore[attr-defined]


def test_federal_rates_without_declared_incomes_are_weighted_by_us_incomes() -> None:
    game = econsim.make("gather_trade_build", components=["build", "gather", {"kind": "tax", "brackets": [0]}])
    with pytest.warns(EconsimWarning, match="American Community Survey 2023"):
        (rate,) = planner("us_federal").action(game, game.roles["planner"]).tolist()  # type: ignore[attr-defined]
    assert 0.12 < rate < 0.22  # the average tax rate of the law: well below its top rate of 37 %


def test_rates_must_fit_the_brackets() -> None:
    with pytest.raises(UserError, match="expected 7 rates, one per bracket, found 2"):
        announced(planner("fixed", rates=[0.1, 0.2]))


@pytest.mark.parametrize("kind", ["saez", "search"])
def test_unfitted_planners_say_so(kind: str) -> None:
    with pytest.raises(UserError, match="has not been fitted"):
        announced(planner(kind))


def test_schedules_need_a_game_with_brackets() -> None:
    game = OneStep(Parameters())
    with pytest.raises(UserError, match="tax brackets"):
        planner("flat").start(game, game.roles["worker"], 1)
