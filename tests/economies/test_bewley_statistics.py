"""Statistics of households that were played: the solver's for exact households, closed forms, and steps of the game."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch

import econsim
from econsim import random
from econsim.agents import ppo as household
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.economies.bewley import Bewley
from econsim.game import Agent
from econsim.households.cross_section import SMALL_TRANSFER, CrossSection, cross_section_statistics
from econsim.households.solution import stationary_section
from econsim.play import HeldAction

KEY = random.keys(3, 1)


def _economy(**changes: Any) -> Bewley:
    settings = {
        "households": "distribution",
        "grid_points": 60,
        "largest_assets": 60.0,
        "productivity": {"states": 3},
        "status_quo": {"labour_tax": 0.2, "consumption_tax": 0.1, "capital_tax": 0.2, "progressivity": 0.1},
        "periods": 3,
    }
    return cast(Bewley, econsim.make("bewley", **{**settings, **changes}).to(dtype=torch.float64))


def _section(game: Bewley, households: Agent) -> CrossSection:
    agents: dict[str, Agent] = {"household": households, "government": HeldAction(game.status_quo("government"))}
    with torch.no_grad():
        last = game.household_path(agents, KEY, SMALL_TRANSFER).last
    assert last is not None
    return last


@pytest.mark.parametrize(
    "changes", [{}, {"lowest_assets": -0.3, "labour_weight": None, "instruments": ["capital_tax"]}]
)
def test_exact_households_have_the_statistics_of_the_solver(changes: dict[str, Any]) -> None:
    game = _economy(**changes)
    played = cross_section_statistics(game.household_problem, _section(game, ExactHousehold(NoParameters())))
    solved = cross_section_statistics(
        game.household_problem, stationary_section(game.household_problem, game.equilibrium)
    )
    # In play shares of resources end at 0.999999: a millionth of resources, which are a few times output per household,
    # over a transfer of a hundredth of it. Between grid points, shares and hours are interpolated, not consumption.
    assert played == pytest.approx(solved, abs=2e-4)


def test_a_rule_that_spends_a_share_of_resources_spends_it_of_a_transfer() -> None:
    game = _economy()
    section = _section(game, HeldAction(torch.tensor([0.3, 0.35], dtype=torch.float64)))
    assert section.spent[:, :-1] == pytest.approx(0.3, abs=1e-10)
    statistics = cross_section_statistics(game.household_problem, section)
    assert statistics["marginal propensity to consume", "90th percentile"] == pytest.approx(0.3, abs=1e-10)
    assert statistics["wealth", "households who end at the borrowing limit"] == 0


def test_a_network_spends_what_a_step_of_the_game_shows() -> None:
    game = _economy(periods=1)
    network = household.Ppo(household.Parameters(hidden=(8,)))
    network.prepare(game, game.roles["household"], KEY)
    section = _section(game, network)
    state, government = game.reset(KEY), game.status_quo("government")[None, None]
    # A household of no weight moves no price, so that a step with more assets shows what it would do.
    alone = (int(section.mass.ravel().argmin()), int(section.mass.ravel().argsort()[5]))
    assert section.mass.ravel()[list(alone)].max() < 1e-9
    last = game.step(state, {"household": _actions(game, network, state), "government": government}).state.last
    gross = 1 + 0.8 * float(last.interest_rate)
    assets = state.assets.clone()
    assets[:, list(alone)] += SMALL_TRANSFER * float(last.output) / gross
    richer = replace(state, assets=assets)
    after = game.step(richer, {"household": _actions(game, network, richer), "government": government}).state.last
    more = (after.consumption - last.consumption)[0, list(alone)] * 1.1 / (SMALL_TRANSFER * float(last.output))
    assert more.numpy() == pytest.approx(section.spent.ravel()[list(alone)], abs=1e-5)  # a network in float32
    assert np.ptp(section.spent) > 1e-3


def _actions(game: Bewley, agent: Agent, state: Any) -> torch.Tensor:
    with torch.no_grad():
        memory = agent.start(game, game.roles["household"], 1)
        return agent.act(game.observe(state)["household"], memory, KEY)[0]
