"""Errors carry an exit code and one clear message; suggestions name what is near."""

from __future__ import annotations

import pytest

from econsim.errors import EconsimError, Problem, RunError, ScenarioError, UserError, did_you_mean, nearest

KNOWN = ["one_step", "one_shot", "fishery", "Trading"]


def test_exit_codes() -> None:
    assert (EconsimError.exit_code, RunError.exit_code) == (1, 1)
    assert (UserError.exit_code, ScenarioError.exit_code) == (2, 2)


def test_a_scenario_error_lists_every_problem_one_a_line() -> None:
    error = ScenarioError(
        [Problem("x.yaml:7", "training.steps", "unknown key"), Problem("command line", "", "no value")]
    )
    assert str(error) == "x.yaml:7: training.steps: unknown key\ncommand line: no value"
    assert len(error.problems) == 2


def test_nearest_is_ordered_blind_to_case_and_bounded() -> None:
    assert nearest("one_stpe", KNOWN)[0] == "one_step"
    assert nearest("trading", KNOWN) == ["Trading"]
    assert nearest("zzz", KNOWN) == []
    assert len(nearest("one_s", [f"one_s{letter}" for letter in "abcdef"])) == 3


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("fishry", KNOWN, " (did you mean fishery?)"),
        ("one_s", ["one_sa", "one_sb"], " (did you mean one_sa or one_sb?)"),
        ("one_s", ["one_sa", "one_sb", "one_sc"], " (did you mean one_sa, one_sb or one_sc?)"),
        ("zzz", ["b", "a"], " (known: a, b)"),
        ("zzz", [], ""),
    ],
)
def test_did_you_mean(name: str, known: list[str], expected: str) -> None:
    suggestion = did_you_mean(name, known)
    # Which of equally near names comes first is not promised.
    assert sorted(suggestion) == sorted(expected)
