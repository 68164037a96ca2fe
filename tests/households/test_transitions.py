"""Transitions after reforms: Jacobians against finite differences, markets on the path, and who gains."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from econsim.cli import app
from econsim.errors import UserError
from econsim.households.chains import rouwenhorst
from econsim.households.equilibrium import Equilibrium, Taxes, Technology, stationary_equilibrium
from econsim.households.general_equilibrium import conditions_jacobian, productivity_responses, unknown_names
from econsim.households.policies import Policy
from econsim.households.problem import Household, Labour, asset_grid
from econsim.households.reforms import Reform, deciles, reform
from econsim.households.transitions import _System, transition
from econsim.households.welfare import Value, consumption_equivalent, stationary_value, value_before

FIRM = Technology(0.36, 0.08)
OLD = Taxes(0.065, 0.75, 0.18, 0.3, 0.01, 0.6)
NEW = Taxes(0.10, 0.7, 0.10, 0.2, 0.0, 0.6, debt=0.2)
HOUSEHOLD = Household(0.94, 1.5, rouwenhorst(0.9, 0.4, 3), asset_grid(0.0, 100.0, 60), Labour(8.0, 2.0))
ANNOUNCED = 5


@pytest.fixture(scope="module")
def found() -> Reform:
    """A reform of all taxes and of debt, announced five periods ahead."""
    return reform(HOUSEHOLD, FIRM, (OLD, NEW), ANNOUNCED, 150)


@pytest.mark.parametrize("labour", [None, Labour(8.0, 2.0)])
def test_the_jacobian_is_the_derivative_of_the_conditions(labour: Labour | None, found: Reform) -> None:
    household, taxes, periods = replace(HOUSEHOLD, labour=labour), NEW if labour else Taxes(), 30
    around = found.after if labour else stationary_equilibrium(household, FIRM)
    names = unknown_names(household, [taxes])
    assert len(names) == (3 if labour else 1)
    system = _System(household, FIRM, [taxes] * periods, around, around)
    point = np.concatenate([np.full(periods, system.final[name]) for name in names])
    assert np.abs(system.gaps(point, names)).max() < 1e-8  # the path stays in the equilibrium
    jacobian = conditions_jacobian(household, FIRM, taxes, around, periods, names)
    for column in range(0, len(point), 7):
        change = np.zeros_like(point)
        change[column] = 1e-5
        slope = (system.gaps(point + change, names) - system.gaps(point - change, names)) / 2e-5
        assert jacobian[:, column] == pytest.approx(slope, abs=2e-5)


def test_all_markets_clear_on_a_path_that_ends_in_the_final_equilibrium(found: Reform) -> None:
    path, paths = found.path, found.path.paths
    residuals = dict(path.residuals)
    assert residuals.pop("capital in the last period") < 1e-3
    assert max(residuals.values()) <= 1e-8
    assert paths["capital"][0] == pytest.approx(found.before.capital, rel=1e-8)
    assert paths["debt"][[0, ANNOUNCED, ANNOUNCED + 1]] == pytest.approx([0.0, 0.0, 0.2])
    assert paths["interest_rate"][-1] == pytest.approx(found.after.interest_rate, rel=1e-3)
    assert path.iterations < 15
    # Before the reform is in force, prices move only because it is expected.
    assert np.abs(np.diff(paths["interest_rate"][:ANNOUNCED])).min() > 1e-4


def test_a_reform_that_changes_nothing_moves_nothing(found: Reform) -> None:
    same = transition(HOUSEHOLD, FIRM, [OLD] * 20, found.before, found.before)
    assert same.paths["capital"] == pytest.approx(np.full(20, found.before.capital), rel=1e-7)
    value = stationary_value(HOUSEHOLD, found.before.policy)
    along = value_before(HOUSEHOLD, same.consumption, same.hours, same.assets, value)
    assert consumption_equivalent(HOUSEHOLD, value, along) == pytest.approx(np.zeros((3, 60)), abs=1e-7)


@pytest.mark.parametrize("risk_aversion", [1.0, 2.5])
def test_a_consumption_equivalent_is_the_rise_of_consumption(risk_aversion: float, found: Reform) -> None:
    household = replace(HOUSEHOLD, risk_aversion=risk_aversion)
    policy = found.before.policy
    more = Policy(1.03 * policy.consumption, policy.hours, policy.assets)
    values = [stationary_value(household, each) for each in (policy, more)]
    assert consumption_equivalent(household, *values) == pytest.approx(np.full((3, 60), 0.03), rel=1e-9)
    worse = Value(values[0].consumption, values[0].hours - 0.1)
    assert (consumption_equivalent(household, values[0], worse) < 0).all()


def test_deciles_average_to_the_mean_of_gains(found: Reform) -> None:
    mean = (found.before.distribution * found.gains).sum()
    by_decile = deciles(HOUSEHOLD, found)
    assert [len(gains) for gains in by_decile.values()] == [10, 10, 10, 10]
    for by in ("wealth", "productivity"):
        assert np.mean(by_decile[f"gain by {by}"]) == pytest.approx(mean, rel=1e-9)
    assert 0.0 < found.winners < 1.0
    # The final equilibrium has more public debt and less capital: the comparison of steady states is not the gain.
    assert abs(found.steady_state_gain - found.gain) > 1e-3


def test_a_path_that_is_too_short_or_stopped_is_no_result(found: Reform) -> None:
    ends: tuple[Equilibrium, Equilibrium] = found.before, found.after
    with pytest.raises(UserError, match=r"after 20 periods capital is .* away .* raise the number of periods"):
        transition(HOUSEHOLD, FIRM, [NEW] * 20, *ends)
    with pytest.raises(UserError, match=r"after 2 evaluations the conditions are missed by .* \(tolerance 1e-08\)"):
        transition(HOUSEHOLD, FIRM, [NEW] * 20, *ends, stops=lambda done, message: done == 2)


def _solve(*arguments: str) -> Any:
    small = ["economy.grid_points=40", "economy.productivity.states=3", "economy.largest_assets=100"]
    solver = ["--solver", "transition", "--quiet"]
    return CliRunner().invoke(app, ["solve", "bewley", *small, *solver, *arguments])


def test_the_command_prints_gains_and_draws_paths(tmp_path: Path) -> None:
    page = tmp_path / "reform.html"
    result = _solve("solver.reform.capital_tax=0", "solver.announced=3", "--report", str(page))
    assert result.exit_code == 0, result.output
    printed = " ".join(result.output.split())
    assert "announced in period 0, in force from period 3 on" in printed
    assert "households' utility does not include it" in printed
    assert re.search(r"steady states compared +gain of all, not knowing their state +\d", result.output)
    text = page.read_text(encoding="utf-8")
    assert "Gain by wealth; gain by productivity; long run by wealth; long run by productivity" in text
    assert "Paths over time" in text
    assert "interest rate, %" in text
    for changes, said in (
        (["solver.reform.capitaltax=0"], "no instrument 'capitaltax' (did you mean capital_tax or"),
        (["solver.reform.capital_tax=2"], "capital_tax: expected a number from 0 to 1, found 2"),
        ([], "solver.reform: expected an instrument and its new value"),
    ):
        refused = _solve(*changes)
        assert refused.exit_code == 2
        assert said in " ".join(refused.output.split())


def test_the_response_of_capital_to_productivity_is_that_of_sequence_jacobian() -> None:
    # Its notebook on Krusell and Smith: capital share 0.11, an interest rate of 1 % and output of one.
    firm = Technology(0.11, 0.025, 0.881646)
    household = Household(0.981953, 1.0, rouwenhorst(0.966, 0.5, 7), asset_grid(0.0, 200.0, 200))
    around = stationary_equilibrium(household, firm)
    response = productivity_responses(household, firm, Taxes(), around, 300)["capital"]
    assert response[:4, 0] == pytest.approx([0.9241, 0.8341, 0.7542, 0.6828], rel=5e-3)
