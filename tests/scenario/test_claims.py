"""A training that fits nobody: an error where it was asked for, a note where it was inherited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from econsim.errors import ScenarioError
from econsim.runs import execute
from econsim.scenario import load, with_overrides
from econsim.scenario.loading import validate_file
from econsim.scenario.plan import Plan, plan_of

NOBODY: dict[str, Any] = {"planner": "saez", "agents.worker": "best_response", "economy.workers": 5}
UNSCORED: dict[str, Any] = {"baselines": ["free_market"], "evaluation.ceiling": None, "headline": None}
OWN_FILE = """
# A scenario that trains nobody.
econsim: 1
economy: {kind: one_step, workers: 5}
agents: {worker: best_response}
planner: flat
training: two_level
"""
HEIR = """# One more.
extends: one_step
agents: {worker: best_response}
planner: us_federal
evaluation: {ceiling: null, floor: null}
headline: none
"""


def plan(source: str | Path, **overrides: Any) -> Plan:
    scenario = load(source, overrides)
    return plan_of(scenario, scenario.build_game())


def test_an_inherited_training_is_a_note_and_left_out() -> None:
    made = plan("one_step", **NOBODY, **UNSCORED)
    (note,) = made.notes
    assert note.startswith("training=two_level is not used: two_level trains no agent of this scenario")
    assert made.scenario.training is None
    assert plan("one_step", **UNSCORED).notes == ()


@pytest.mark.parametrize("training", [{"training.iterations": 777}, {"training": "ppo"}])
def test_a_training_of_the_command_is_an_error(training: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError, match=rf"argument: {next(iter(training))}: .* trains no agent of this scenario"):
        plan("one_step", **NOBODY, **UNSCORED, **training)


def test_a_training_of_the_command_is_an_error_after_more_overrides() -> None:
    scenario = load("one_step", {**NOBODY, **UNSCORED, "training.iterations": 777})
    again = with_overrides(scenario, {"seed": 3})
    with pytest.raises(ScenarioError, match=r"training\.iterations"):
        plan_of(again, again.build_game())


def test_a_training_of_the_scenario_s_own_file_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(OWN_FILE)
    for check in (plan, validate_file):
        with pytest.raises(ScenarioError, match=r"own\.yaml:7: training: .* trains no agent .* set training: none"):
            check(path)
    # Whoever changes who plays inherits the training.
    assert plan(path, planner="us_federal").notes
    path.write_text(OWN_FILE.replace("training: two_level", "training: none"))
    validate_file(path)


def test_a_training_that_another_file_holds_is_inherited(tmp_path: Path) -> None:
    path = tmp_path / "heir.yaml"
    path.write_text(HEIR)
    assert plan(path).notes
    path.write_text(HEIR + "training: {iterations: 5}\n")
    with pytest.raises(ScenarioError, match=r"heir\.yaml:7: training"):
        plan(path)


def test_a_run_says_the_note_and_can_be_repeated_from_its_folder(tmp_path: Path) -> None:
    run = execute(load("one_step", {**NOBODY, **UNSCORED}), tmp_path / "run", quiet=True)
    assert any("training=two_level is not used" in warning for warning in run.summary["warnings"])
    assert plan(run.path / "scenario.yaml").notes == ()
