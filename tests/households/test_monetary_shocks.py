"""Monetary shocks: markets, derivatives, the textbook economy as the limit without heterogeneity."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from econsim.cli import app
from econsim.households.chains import Floats, rouwenhorst
from econsim.households.equilibrium import Equilibrium
from econsim.households.monetary_shocks import MonetarySystem, monetary_response
from econsim.households.new_keynesian import StickyPrices, representative_response, stationary_prices
from econsim.households.problem import Household, Labour, asset_grid

HOUSEHOLD = Household(0.98, 2.0, rouwenhorst(0.9, 0.4, 3), asset_grid(0.0, 60.0, 80), Labour(0.8, 2.0, 10.0))
FIRMS = StickyPrices(debt=2.0, output_response=0.1)


@pytest.fixture(scope="module")
def around() -> Equilibrium:
    return stationary_prices(HOUSEHOLD, FIRMS)


def decaying(size: float, persistence: float, periods: int) -> Floats:
    shock: Floats = np.float64(size) * np.power(persistence, np.arange(periods))
    return shock


def linear(household: Household, firms: StickyPrices, shock: Floats) -> tuple[Floats, Floats, float]:
    """Return the first-order responses of log output and inflation, and the stationary interest rate."""
    at = stationary_prices(household, firms)
    system = MonetarySystem(household, firms, at, shock)
    change = -np.linalg.solve(system.jacobian(), system.shock_derivative())
    inflation, _, output = np.split(change, 3)
    return output / at.output, inflation, at.interest_rate


def test_all_markets_clear_in_the_stationary_equilibrium(around: Equilibrium) -> None:
    means = around.aggregates
    assert around.wage == pytest.approx(1 / 1.2)
    assert means.assets == pytest.approx(2.0 * around.output, rel=1e-8)
    assert means.labour == pytest.approx(around.output, rel=1e-9)
    assert means.consumption == pytest.approx(around.output, rel=1e-8)  # by Walras' law, which is not imposed
    assert 0 < around.interest_rate < 1 / 0.98 - 1  # households save against risk


def test_the_jacobian_is_the_derivative_of_the_conditions(around: Equilibrium) -> None:
    periods = 25
    shock = np.zeros(periods)
    system = MonetarySystem(HOUSEHOLD, FIRMS, around, shock)
    assert np.abs(system.gaps(system.steady)).max() < 1e-8  # without a shock nothing moves
    jacobian = system.jacobian()
    for column in range(0, 3 * periods, 7):
        change = np.zeros(3 * periods)
        change[column] = 1e-5
        slope = (system.gaps(system.steady + change) - system.gaps(system.steady - change)) / 2e-5
        # The tolerance of the derivatives of households (tests/households/test_transitions.py), times debt.
        assert jacobian[:, column] == pytest.approx(slope, abs=4e-5)
    shocked = MonetarySystem(HOUSEHOLD, FIRMS, around, 1e-5 * np.eye(periods)[3])
    by_shock = (shocked.gaps(system.steady) - system.gaps(system.steady)) / 1e-5
    shocked.jacobian()
    assert shocked.shock_derivative() / 1e-5 == pytest.approx(by_shock, abs=1e-3)  # a one-sided difference


def test_the_exact_path_clears_all_markets_and_is_linear_in_small_shocks(around: Equilibrium) -> None:
    distances = []
    for size in (0.004, 0.002):
        found = monetary_response(HOUSEHOLD, FIRMS, around, decaying(size, 0.6, 120))
        assert max(found.residuals.values()) < 1e-8
        assert found.exact["output"][0] < around.output  # tighter policy
        assert found.exact["inflation"][0] < 0
        assert found.exact["nominal_rate"][0] > around.interest_rate
        distances.append(np.abs(found.exact["output"] - found.linear["output"]).max())
    # The distance is of second order in the shock: twice the shock, four times the distance; kinks at the borrowing
    # limit leave a little.
    assert distances[0] / distances[1] == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("output_response", [0.0, 0.5])
def test_a_representative_household_responds_as_the_closed_form_says(output_response: float) -> None:
    # Galí (2015), chapter 3, by undetermined coefficients: with a shock of persistence rho, output is
    # -beta e / ((1 - rho) sigma + beta k (phi - (1 + r) rho) + beta phi_y),
    # with k = kappa W (sigma + gamma) / (1 - beta rho).
    sigma, gamma, rate, persistence = 2.0, 1.5, 0.005, 0.61
    firms = StickyPrices(output_response=output_response)
    shock = decaying(0.0025, persistence, 300)
    found = representative_response(sigma, gamma, rate, firms, shock)
    beta = 1 / (1 + rate)
    slope = firms.slope * firms.wage * (sigma + gamma) / (1 - beta * persistence)
    real = firms.inflation_response - (1 + rate) * persistence
    output = -beta * shock / ((1 - persistence) * sigma + beta * (slope * real + output_response))
    assert found["output"] == pytest.approx(output, rel=1e-9)
    assert found["inflation"] == pytest.approx(slope * output, rel=1e-9)


def test_without_risk_households_respond_as_a_representative_one() -> None:
    # The textbook response is the limit without heterogeneity. Risk that is four times smaller has to bring the
    # response of output much closer to it; the grid of assets leaves less than 1 %.
    shock = decaying(0.0025, 0.6, 150)
    distance = {}
    for deviation, most in ((0.2, 60.0), (0.05, 30.0)):
        household = replace(HOUSEHOLD, chain=rouwenhorst(0.5, deviation, 2), grid=asset_grid(0.0, most, 80))
        output, inflation, rate = linear(household, FIRMS, shock)
        single = representative_response(2.0, 2.0, rate, FIRMS, shock)
        distance[deviation] = np.abs(output[:5] / single["output"][:5] - 1).max()
        assert inflation[0] == pytest.approx(single["inflation"][0], rel=0.05)
        assert rate < 1 / 0.98 - 1
    assert distance[0.05] < 0.01
    assert distance[0.05] < distance[0.2] / 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["solver.inflation_response=0.9"], "solver.inflation_response"),
        (["economy.labour_weight=null"], "hours have to be a choice"),
        (["solver.debt=3", "economy.largest_assets=0.5"], "at no interest rate below .* do households hold debt of 3"),
        (["solver.debt=900"], "debt of 900 times output: .* leaves nothing to the lowest income; lower solver.debt"),
    ],
)
def test_what_cannot_be_solved_is_said(changes: list[str], message: str) -> None:
    small = ["economy.grid_points=40", "economy.productivity.states=2"]
    done = CliRunner().invoke(app, ["solve", "bewley", "--solver", "monetary_shock", *small, *changes])
    assert done.exit_code == 2
    assert re.search(message, " ".join(done.output.split()))


def test_the_command_prints_the_responses() -> None:
    changes = ["economy.grid_points=60", "economy.productivity.states=3", "solver.periods=100", "solver.debt=2"]
    done = CliRunner().invoke(app, ["solve", "bewley", "--solver", "monetary_shock", *changes])
    assert done.exit_code == 0, done.output
    for words in ("real interest rate", "inflation in period 0", "representative household", "Residual, goods market"):
        assert words in " ".join(done.output.split())
