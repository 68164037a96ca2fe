"""Statistics that macroeconomists check, against closed forms: propensities, Laffer curve, channels of welfare."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

import econsim
from econsim.economies.bewley import Bewley
from econsim.errors import UserError
from econsim.households.chains import Chain, Floats, rouwenhorst
from econsim.households.decomposition import Population, decomposition, discounted_utility
from econsim.households.equilibrium import Taxes, Technology, stationary_equilibrium
from econsim.households.facts import US_WEALTH
from econsim.households.policies import best_policy
from econsim.households.problem import Budget, Household, Labour, asset_grid
from econsim.households.reforms import reform
from econsim.households.statistics import certain_propensity, propensities
from econsim.households.welfare import Value
from econsim.solvers.laffer import Laffer, Parameters

ROOT = Path(__file__).resolve().parents[2]
NOTHING = np.empty(0)


@pytest.mark.parametrize("risk_aversion", [1.0, 2.0])
def test_propensities_of_rich_households_without_risk_are_those_of_the_closed_form(risk_aversion: float) -> None:
    household = Household(0.96, risk_aversion, rouwenhorst(0.5, 1e-6, 2), asset_grid(0.0, 3000.0, 400))
    budget = Budget(1.03, 1.0)
    spent = propensities(household, budget, best_policy(household, budget), 0.01)
    expected = 1 - (0.96 * 1.03) ** (1 / risk_aversion) / 1.03
    assert certain_propensity(household, budget) == pytest.approx(expected)
    if risk_aversion == 1:
        assert expected == pytest.approx(1 - 0.96)
    # They consume their assets until the limit binds, in more than 200 periods; income of later ones they could not
    # spend earlier. The weight of those is below (1 - expected)^200, and interpolation adds about a thousandth.
    assert spent[0, 350] == pytest.approx(expected, rel=5e-3)
    assert spent[0, 0] > 10 * expected  # at the limit


def test_permanent_income_where_interest_is_the_rate_of_time_preference() -> None:
    household = Household(1 / 1.04, 3.0, rouwenhorst(0.5, 0.1, 2), asset_grid(0.0, 10.0, 10))
    assert certain_propensity(household, Budget(1.04, 1.0)) == pytest.approx(0.04 / 1.04)


def test_the_laffer_curve_is_the_closed_form_times_the_dispersion_of_consumption() -> None:
    # Log utility, revenue transferred: psi h^gamma = (1 - t) W e / c. Summed over households, the closed form
    # t (1 - t)^(1 / (1 + gamma)), which peaks at (1 + gamma) / (2 + gamma), is that of equal households; otherwise
    # effective labour is higher by J^(gamma / (1 + gamma)), J = E[e^(1 + 1 / gamma) (C / c)^(1 / gamma)], and prices
    # move. J does not go to one with risk: the drift and the variance of wealth are both of second order in risk, so
    # that their ratio, the dispersion of wealth, stays. This identity of an equilibrium holds up to its tolerance.
    game = cast(
        Bewley,
        econsim.make(
            "bewley",
            grid_points=40,
            largest_assets=40.0,
            productivity={"states": 2, "deviation": 0.01, "persistence": 0.5},
        ),
    )
    found = Laffer(Parameters(low=0.4, high=0.95, points=5, tolerance=0.02)).solve(game, {})
    assert found.quantities[0].value == pytest.approx(0.75, abs=0.02)
    revenue, output, _ = found.curves
    assert (revenue.best, revenue.now) == (found.quantities[0].value, 0.0)
    assert list(revenue.at) == sorted(revenue.at) == list(output.at)
    ratios, dispersions = [], []
    for rate, value in zip(revenue.at, revenue.values, strict=True):
        solved = stationary_equilibrium(game.household_problem, game.technology, game.taxes({"labour_tax": rate}))
        mass, consumption = solved.distribution, solved.policy.consumption
        productivity, mean = game.household_problem.chain.values[:, None], (mass * consumption).sum()
        labour = float((mass * productivity * solved.policy.hours).sum())
        dispersion = float((mass * productivity**1.5 * (mean / consumption) ** 0.5).sum()) ** (2 / 3)
        prices = solved.wage * (solved.wage * labour / mean) ** (1 / 3)
        ratios.append(value / (rate * (1 - rate) ** (1 / 3) * dispersion * prices))
        dispersions.append(dispersion)
    assert ratios == pytest.approx([ratios[0]] * len(ratios), rel=1e-7)
    # Without these terms the closed form is off by half a percent over the range of rates.
    assert 4e-3 < max(dispersions) / min(dispersions) - 1 < 6e-3


def test_what_has_no_curve_is_refused() -> None:
    game = econsim.make("bewley", grid_points=20, productivity={"states": 2})
    with pytest.raises(UserError, match="at labour_tax 1: no stationary equilibrium: a tax takes all labour income"):
        Laffer(Parameters(low=0.5, high=1.0, points=5)).solve(game, {})
    with pytest.raises(UserError, match="laffer: needs an economy whose households save"):
        Laffer(Parameters()).solve(econsim.make("log_linear_tax"), {})
    with pytest.raises(ValueError, match=r"low 0.9 is not below high 0.5"):
        Parameters(low=0.9, high=0.5)


def _two_states(risk_aversion: float, scale: float, spread: float, persistence: float) -> tuple[Household, Population]:
    """Return households who consume ``scale * (1 ± spread)`` and change between the two with a given probability."""
    chances = np.array([[persistence, 1 - persistence], [1 - persistence, persistence]])
    chain = Chain(np.array([0.5, 1.5]), chances, np.array([0.5, 0.5]))
    household = Household(0.95, risk_aversion, chain, np.array([0.0]), Labour(1.0, 1.0))
    consumption = scale * np.array([1 - spread, 1 + spread])
    utility = np.log(consumption) if risk_aversion == 1 else consumption ** (1 - risk_aversion) / (1 - risk_aversion)
    value: Floats = np.linalg.solve(np.eye(2) - 0.95 * chances, utility)[:, None]
    means = discounted_utility(household, NOTHING, scale)
    return household, Population(Value(value, np.full((2, 1), -1.0)), np.full((2, 1), 0.5), means)


@pytest.mark.parametrize("risk_aversion", [1.0, 3.0])
def test_each_channel_is_found_alone(risk_aversion: float) -> None:
    household, now = _two_states(risk_aversion, 1.0, 0.3, 0.5)
    _, richer = _two_states(risk_aversion, 1.1, 0.3, 0.5)
    found = decomposition(household, now, richer)
    assert (found.level, found.risk, found.distribution) == pytest.approx((0.1, 0.0, 0.0), abs=1e-12)
    # States for ever: there is no risk, and all of the loss is one of distribution.
    _, certain = _two_states(risk_aversion, 1.0, 0.0, 1.0)
    _, unequal = _two_states(risk_aversion, 1.0, 0.3, 1.0)
    found = decomposition(household, certain, unequal)
    low, high = 0.7, 1.3
    power = 1 - risk_aversion
    equivalent = np.sqrt(low * high) if risk_aversion == 1 else ((low**power + high**power) / 2) ** (1 / power)
    assert (found.level, found.risk) == pytest.approx((0.0, 0.0), abs=1e-12)
    assert found.distribution == pytest.approx(equivalent - 1)
    assert decomposition(household, now, unequal).risk > 0 > decomposition(household, certain, now).risk


def test_hours_are_the_rest_and_the_product_has_no_remainder() -> None:
    household, now = _two_states(1.0, 1.0, 0.3, 0.8)
    less_work = replace(now, value=Value(now.value.consumption, np.zeros((2, 1))))
    # Disutility of 1 in total, 0.05 a period: with log utility exp(0.05) of consumption.
    found = decomposition(household, now, less_work)
    assert (found.level, found.hours) == pytest.approx((0.0, np.expm1(0.05)))
    assert found.total == pytest.approx(np.expm1(0.05))


def test_channels_of_a_reform_multiply_to_its_gain() -> None:
    labour = Labour(15.0, 2.0)
    household = Household(0.96, 2.0, rouwenhorst(0.98, 0.8, 3), asset_grid(0.0, 60.0, 60), labour)
    found = reform(household, Technology(0.36, 0.08), (Taxes(labour_level=0.8), Taxes(labour_level=0.7)), periods=200)
    path, steady = found.channels
    assert path.total == pytest.approx(found.gain, abs=1e-12)
    assert steady.total == pytest.approx(found.steady_state_gain, abs=1e-12)
    # A higher tax with equal transfers insures and equalises, and costs output and hours of work.
    for channels in found.channels:
        assert channels.level < 0
        assert min(channels.risk, channels.distribution, channels.hours) > 0


def test_facts_are_those_of_the_survey() -> None:
    stored = json.loads((ROOT / "benchmarks" / "results" / "wealth_facts.json").read_text(encoding="utf-8"))
    assert stored == US_WEALTH
    # The project's reference for a loader of this survey, to four digits.
    assert US_WEALTH["Gini"] == 0.8298
