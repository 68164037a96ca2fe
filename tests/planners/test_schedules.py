"""Planners with a schedule: what they announce."""

from __future__ import annotations

import pytest
import torch

from econsim import kinds, random
from econsim.economies.one_step import OneStep, Parameters
from econsim.errors import EconsimWarning, UserError
from econsim.game import Agent

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
    with pytest.warns(EconsimWarning, match="average statutory marginal rate"):
        other_year = announced(planner("us_federal", year=2018))
    assert other_year != STATUTORY


def test_federal_rates_on_other_brackets_are_averages() -> None:
    # 0-90,000 holds 11,600 at 10 %, 35,550 at 12 %, 42,850 at 22 %; above 159,100 the top bracket takes the top rate.
    with pytest.warns(EconsimWarning, match="3 brackets"):
        rates = announced(planner("us_federal"), brackets=[0, 90_000, 159_100])
    first = (11_600 * 0.10 + 35_550 * 0.12 + 42_850 * 0.22) / 90_000
    second = (10_525 * 0.22 + 58_575 * 0.24) / 69_100
    assert rates == pytest.approx([first, second, 0.37], abs=1e-12)


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
