"""``econsim counterfactual --from``: a run with a common past and a reform from a step on, as tables and a figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from econsim.cli import application
from econsim.errors import UserError
from econsim.runs import Run, execute
from econsim.runs.counterfactual import counterfactual
from econsim.runs.over_time import counterfactual_over_time
from econsim.scenario import load

SMALL = {"economy.people": 30, "economy.horizon": 10, "economy.burn_in": 0, "episodes": 2, "headline": None}
DEAR = {"planner": {"kind": "fixed", "action": 0.5}}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return execute(load("money_exchange_taxed", SMALL), tmp_path_factory.mktemp("run") / "taxed", quiet=True)


def test_a_reform_from_the_first_step_is_the_reform_of_the_whole_episode(run: Run) -> None:
    over_time = counterfactual_over_time(run, DEAR, 1, episodes=4).table
    whole = counterfactual(run, DEAR, episodes=4, metrics=["wealth_gini", "wealth_variance"]).table.set_index("metric")
    stock = over_time[over_time["metric"] == "wealth_gini"].iloc[-1]
    assert stock[["baseline", "reform"]].tolist() == whole.loc["wealth_gini", ["baseline", "reform"]].tolist()
    flow = over_time[over_time["metric"] == "wealth_variance"]
    assert flow[["baseline", "reform"]].mean().tolist() == pytest.approx(
        whole.loc["wealth_variance", ["baseline", "reform"]].tolist(), rel=1e-12
    )


def test_the_command_writes_table_and_figure(run: Run, tmp_path: Path) -> None:
    arguments = ["counterfactual", str(run.path), "planner={kind: fixed, action: 0.5}", "--from", "6", "--quiet"]
    done = CliRunner().invoke(application.app, [*arguments, "--episodes", "3", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "the reform holds from step 6 on" in done.output
    table = pd.read_csv(tmp_path / "out" / "over_time.csv")
    assert (table.loc[table["step"] < 6, "difference"] == 0).all()
    assert table.loc[table["step"] == 6, "difference"].abs().max() > 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"over_time.csv", "over_time.svg", "over_time.png"}


def test_a_planner_acts_when_it_is_due(tmp_path: Path) -> None:
    settings = SMALL | {"economy.wealth_tax": {"brackets": [0], "every": 4}}
    run = execute(load("money_exchange_taxed", settings), tmp_path / "run", quiet=True)
    result = counterfactual_over_time(run, DEAR, 3, episodes=2)
    assert result.notes[0] == "the role planner acts every 4 steps, and under the reform first in step 5"
    changed = result.table[result.table["difference"] != 0]
    assert changed["step"].min() == 5


def test_mistakes(run: Run) -> None:
    with pytest.raises(UserError, match="expected a step from 1 to 10"):
        counterfactual_over_time(run, DEAR, 11)
    with pytest.raises(UserError, match="the steps of this game have no dates"):
        counterfactual_over_time(run, DEAR, "2020-01-01")
    with pytest.raises(UserError, match="changes the number of steps of an episode from 10 to 12"):
        counterfactual_over_time(run, {"economy.horizon": 12}, 2)
    with pytest.raises(UserError, match="no reform given"):
        counterfactual_over_time(run, [], 2)
    done = CliRunner().invoke(
        application.app, ["counterfactual", str(run.path), "planner=flat", "--from", "2", "--report"]
    )
    assert done.exit_code != 0
