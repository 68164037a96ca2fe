"""The exact path after a reform of a run's policy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from econsim.cli import application
from econsim.errors import UserError
from econsim.runs import execute
from econsim.runs.reform_path import reform_path
from econsim.scenario import load
from econsim.scenario.loading import solver_choice

SMALL = ["economy.grid_points=40", "economy.productivity={states: 3}", "economy.periods=2", "economy.households=20"]
PLANNER = "planner={kind: fixed, action: [0.1, 0.2, 0, 0.3, 0, 0.5]}"  # not the status quo
AGES = "economy.life_cycle={entry: 20, retirement: 26, last: 32, pension: {replacement: 0.4}}"
LIFE = [
    AGES,
    "economy.grid_points=30",
    "economy.productivity={states: 2}",
    "economy.periods=2",
    "economy.households=40",
]


def run_of(folder: Path, scenario: str, overrides: Sequence[str]) -> Path:
    plain = [*overrides, "headline=none", "evaluation=null", "episodes=1"]
    execute(load(scenario, plain), folder, quiet=True)
    return folder


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_of(tmp_path_factory.mktemp("path") / "run", "bewley", [*SMALL, PLANNER])


def test_the_path_starts_at_the_policy_of_the_planner(saved: Path) -> None:
    found = reform_path(saved, ["planner={kind: fixed, action: [0.1, 0.2, 0, 0.1, 0, 0.5]}"], solver=["announced=3"])
    assert found.changes == {"capital_tax": (0.3, 0.1)}
    # The same path by the solver, which takes the policy as the status quo.
    status_quo = "{consumption_tax: 0.1, labour_tax: 0.2, progressivity: 0, capital_tax: 0.3, spending_share: 0.5}"
    game = load("bewley", [*SMALL, f"economy.status_quo={status_quo}"]).build_game()
    solver = solver_choice({"kind": "transition", "reform": {"capital_tax": 0.1}, "announced": 3}).build()
    direct = solver.solve(game, {})
    assert [each.name for each in found.solution.series] == [each.name for each in direct.series]
    for one, other in zip(found.solution.series, direct.series, strict=True):
        # Both solve the same conditions to 1e-8 from the same start.
        assert np.allclose(one.values, other.values, rtol=1e-7, atol=0)
    gains = {quantity.group: quantity.value for quantity in found.solution.quantities}
    assert {"gain by wealth", "long run by wealth", "welfare along the path"} <= gains.keys()
    assert any("announced in period 0, in force from period 3 on" in note for note in found.notes)


def test_budget_and_status_quo_can_change(saved: Path) -> None:
    found = reform_path(saved, ["economy.budget.debt=0.2"])
    assert found.changes == {"debt": (0.0, 0.2)}
    debt = next(each for each in found.solution.series if each.name == "public debt")
    assert debt.values[-1] == pytest.approx(0.2)


def test_deciles_of_steady_states_average_to_that_of_all(saved: Path) -> None:
    # With logarithmic utility one plus gains of deciles have one plus the gain of all as their geometric mean.
    found = reform_path(saved, ["planner=free_market"])
    groups: dict[str, list[float]] = {}
    for quantity in found.solution.quantities:
        groups.setdefault(quantity.group, []).append(quantity.value)
    for by in ("wealth", "productivity"):
        deciles = np.array(groups[f"long run by {by}"])
        assert np.log1p(deciles).mean() == pytest.approx(np.log1p(groups["steady states compared"][0]), rel=1e-9)


def test_households_with_ages(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", "life_cycle", LIFE)
    found = reform_path(run, ["economy.life_cycle.pension.replacement=0.2"], solver=["periods=60"])
    assert found.kind == "life_cycle"
    assert found.changes == {"replacement": (0.4, 0.2)}
    assert any(each.axis == "period" for each in found.solution.series)


def test_the_command_writes_tables_figure_and_page(saved: Path, tmp_path: Path) -> None:
    arguments = ["counterfactual", str(saved), "planner=free_market", "solver.announced=2", "--path", "--quiet"]
    done = CliRunner().invoke(application.app, [*arguments, "--out", str(tmp_path / "out"), "--report"])
    assert done.exit_code == 0, done.output
    assert "households who gain" in done.output
    assert "From policy fixed to the reform: consumption_tax 0.1 to 0" in done.output
    path = pd.read_csv(tmp_path / "out" / "path.csv")
    rates = path[path["path"] == "interest rate"]
    assert rates["period"].tolist() == list(range(len(rates)))
    quantities = pd.read_csv(tmp_path / "out" / "quantities.csv").set_index(["group", "name"])["value"]
    assert rates["value"].iloc[0] == quantities["period 0", "interest rate"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Gain by wealth; gain by productivity; long run by wealth" in page
    assert {each.name for each in (tmp_path / "out").iterdir()} == {
        "report.html",
        "path.csv",
        "quantities.csv",
        "paths.svg",
        "paths.png",
    }
    done = CliRunner().invoke(application.app, [*arguments, "--metric", "mean_assets"])
    assert done.exit_code == 2
    assert "--path with --metric: leave out one of the two" in done.stderr


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["economy.status_quo.capital_tax=0"], "the policy is the same before and after the reform"),
        (["economy.technology=1.1"], "economy.technology: a path leads from one policy to another"),
        (
            ["planner=free_market", "agents.household.expects=path"],
            "households are exact on both sides",
        ),
    ],
)
def test_what_is_no_reform_of_a_policy_is_refused(saved: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        reform_path(saved, overrides)


def test_economies_without_saving_are_refused(tmp_path: Path) -> None:
    untrained = ["training=none", "agents.worker=best_response", "planner=flat", "baselines=[]"]
    run = run_of(tmp_path / "run", "one_step", ["economy.workers=5", *untrained])
    with pytest.raises(UserError, match="the path after a reform of taxes, such as bewley; OneStep does not"):
        reform_path(run, ["planner=free_market"])
