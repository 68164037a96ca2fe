from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from econsim.errors import UserError
from econsim.runs import Run, execute
from econsim.runs.counterfactual import counterfactual
from econsim.scenario import Scenario, load

Make = Callable[..., Scenario]

TINY = """
econsim: 1
name: tiny
economy: {kind: one_step, workers: 30, brackets: [0, 90000], status_quo: [0.1, 0.3], redraw_population: true}
agents: {worker: {kind: fixed_hours, hours: 40}}
planner: {kind: flat, rate: 0.4}
baselines: [free_market]
evaluation: {floor: free_market, ceiling: flat}
"""


@pytest.fixture
def run(scenario: Make, tmp_path: Path) -> Run:
    return execute(scenario(), tmp_path / "one", quiet=True)


@pytest.fixture
def tiny(tmp_path: Path) -> Run:
    (tmp_path / "tiny.yaml").write_text(TINY)
    return execute(load(tmp_path / "tiny.yaml"), tmp_path / "tiny", quiet=True)


def test_from_no_taxes_to_half_in_closed_form(run: Run) -> None:
    """Effort 1 - t, skills 1 to 5: revenue t (1 - t) 15, of which t 15 if nobody worked less."""
    found = counterfactual(run, {"planner": {"kind": "flat", "rate": 0.5}}, policy="free", episodes=2)
    revenue = found.table.set_index("metric").loc["revenue"]
    numbers = revenue[["baseline", "reform", "difference", "mechanical", "behavioural"]]
    assert numbers.tolist() == pytest.approx([0, 3.75, 3.75, 7.5, -3.75])
    # Utility v / 2 before; v (1 - t)^2 / 2 and a rebate of 0.75 after: skill 1 wins 0.375, 2 breaks even, others lose.
    assert found.shares == pytest.approx((0.2, 0.6, 0.2))
    assert found.notes == ()


def test_a_planner_that_the_run_fitted_may_be_the_reform(run: Run) -> None:
    found = counterfactual(run, ["planner=tuned"], policy="free", episodes=1).table.set_index("metric")
    assert found.loc["welfare", "reform"] == pytest.approx(run.summary["policies"]["best"]["exact"]["welfare"])
    assert found.loc["welfare", "baseline"] == pytest.approx(run.summary["policies"]["free"]["exact"]["welfare"])


def test_workers_that_were_trained_play_the_reform_as_they_are(run: Run) -> None:
    found = counterfactual(run, ["planner={kind: flat, rate: 0.5}"], followers="own", episodes=1)
    own = run.summary["policies"]["trained"]["learned"]["welfare"]
    assert found.table.set_index("metric").loc["welfare", "baseline"] == pytest.approx(own)
    assert found.notes == ("fitted in the baseline and not refitted under the reform: worker, planner",)


def test_a_number_of_the_economy_with_intervals_and_deciles(tiny: Run) -> None:
    found = counterfactual(tiny, ["game.utility.elasticity=0.2"], episodes=8)
    table = found.table.set_index("metric")
    assert table.loc["mean_hours", ["baseline", "reform"]].tolist() == pytest.approx(
        [60 * 0.6**0.4, 60 * 0.6**0.2], 0.01
    )
    assert table.loc["welfare", "low"] < table.loc["welfare", "difference"] < table.loc["welfare", "high"]
    assert found.deciles is not None
    assert found.deciles["decile"].tolist() == [*range(1, 11), "all"]
    # The same as a change of the game that is not numbers alone.
    both = counterfactual(tiny, ["economy.utility.elasticity=0.2", "economy.standard_deduction=0.01"], episodes=8)
    assert both.table.set_index("metric").loc["revenue", "reform"] == pytest.approx(table.loc["revenue", "reform"])


def test_both_sides_may_be_given_something(tiny: Run) -> None:
    same = counterfactual(tiny, ["planner=free_market"], ["economy.redraw_population=false"], episodes=3)
    assert same.table["times_smaller"].isna().all()


def test_the_run_s_own_planner_may_be_the_reform_of_another_policy(run: Run) -> None:
    """The baseline is the policy, not the scenario: its own planner is a change from it, and no change from itself."""
    found = counterfactual(run, ["planner=tuned"], policy="free", episodes=1)
    assert found.description.changes.set_index("key").loc["planner.kind"].tolist() == ["free_market", "tuned"]
    own = counterfactual(run, ["planner=mind"], policy="free", episodes=1).table.set_index("metric")
    first = next(iter(run.summary["policies"]["trained"]["seeds"].values()))
    assert own.loc["welfare", "reform"] == pytest.approx(first["exact"]["welfare"])
    # Another key leaves the planner of the policy in force on both sides.
    same = counterfactual(run, ["agents.worker=best_response"], policy="free", episodes=1)
    assert same.description.changes["key"].str.startswith("planner").sum() == 0


def test_a_reform_may_have_the_name_of_another_policy_of_the_run(tiny: Run) -> None:
    found = counterfactual(tiny, ["planner=free_market", "planner.label=flat"], episodes=2)
    assert found.table.set_index("metric").loc["revenue", "reform"] == 0.0


def test_a_request_in_python_is_repeated_by_its_command(tiny: Run) -> None:
    given = {"economy.redraw_population": False}
    found = counterfactual(tiny, {"planner": {"kind": "flat", "rate": 0.2, "label": "low"}}, given, episodes=2)
    words = shlex.split(found.request.command)
    folder = words.index("counterfactual") + 1
    assert words[folder] == f"runs/{tiny.name}"
    again = counterfactual(tiny, [words[folder + 1]], [words[words.index("--given") + 1]], episodes=2)
    assert again.table["reform"].tolist() == found.table["reform"].tolist()


MISTAKES = {
    ("seed=3",): "seed: only keys below game (or economy), planner, agents can be changed here",
    ("economy.workers=4",): "the reform changes the number of players",
    ("planner=mind",): "the reform changes nothing",
    ("agents.worker=mnd",): "did you mean mind?",
    (): "no reform given",
}


@pytest.mark.parametrize("overrides", MISTAKES)
def test_what_is_no_counterfactual_is_said(run: Run, overrides: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match=re.escape(MISTAKES[overrides])):
        counterfactual(run, list(overrides))


def test_a_planner_that_nobody_fitted_is_refused(tiny: Run) -> None:
    with pytest.raises(UserError, match=r"must be fitted first.*policy of this run: free_market, flat"):
        counterfactual(tiny, ["planner=saez"])


def test_minds_that_ask_a_model_are_refused(tiny: Run) -> None:
    with pytest.raises(UserError, match="worker: a counterfactual cannot play agents that call a language model"):
        counterfactual(tiny, ["agents.worker=llm"])


def test_other_mistakes(run: Run) -> None:
    with pytest.raises(UserError, match=r"no such policy \(did you mean free\?\)"):
        counterfactual(run, ["planner=tuned"], policy="fre")
    with pytest.raises(UserError, match="--given planner"):
        counterfactual(run, ["planner=tuned"], ["planner=tuned"])
    with pytest.raises(UserError, match="expected at least 1"):
        counterfactual(run, ["planner=tuned"], episodes=0)
    with pytest.raises(UserError, match="no such metric"):
        counterfactual(run, ["planner=tuned"], metrics=["wellfare"])
