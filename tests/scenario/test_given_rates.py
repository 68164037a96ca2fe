"""Rates that planners are given, against the lowest rate of the economy and the brackets of the game."""

from __future__ import annotations

from pathlib import Path

import pytest

from econsim.errors import ScenarioError
from econsim.scenario import load
from econsim.scenario.loading import validate_file
from econsim.sweep.request import Request
from econsim.sweep.table import table_of

HEAD = """\
extends: one_step
training: null
evaluation: {floor: null, ceiling: null}
headline: null
economy: {workers: 4, brackets: [0, 30000], status_quo: [0.1, 0.2]}
agents: {worker: best_response}
"""
RATES = {
    "planner: {label: own, kind: flat, rate: -0.2}": (":7: planner.rate", -0.2),
    "planner:\n  label: own\n  kind: fixed\n  rates:\n    - 0.1\n    - -0.3": (":12: planner.rates.1", -0.3),
    "baselines:\n  mine: {kind: fixed, rates: [-0.5, 0]}\nplanner: free_market": (":8: baselines.mine.rates.0", -0.5),
    "planner: {label: own, kind: elected, platforms: {a: {kind: flat}, b: {kind: flat, rate: -0.1}}}": (
        ":7: planner.platforms.b.rate",
        -0.1,
    ),
}


@pytest.mark.parametrize("given", RATES)
def test_a_rate_below_the_lowest_is_found_before_work_with_file_line_key_and_fix(workspace: Path, given: str) -> None:
    path, (where, rate) = workspace / "mine.yaml", RATES[given]
    path.write_text(HEAD + given, encoding="utf-8")
    message = f"mine.yaml{where}: the rate {rate:g} is below the lowest marginal tax rate of the economy, 0"
    for check in (validate_file, load):
        with pytest.raises(ScenarioError) as error:
            check(path)
        assert str(error.value) == f"{message}; set economy.lowest_rate={rate:g} to allow it"
    path.write_text(f"{HEAD}{given}".replace("workers: 4", f"workers: 4, lowest_rate: {rate}"), encoding="utf-8")
    validate_file(path)


def test_every_wrong_rate_is_listed_and_an_override_is_named_as_such() -> None:
    overrides = {"baselines": {"mine": {"kind": "flat", "rate": -0.3}}, "planner": {"kind": "flat", "rate": -0.1}}
    free = {"evaluation.floor": None, "evaluation.ceiling": None, "planner.label": "own", "headline": None}
    with pytest.raises(ScenarioError) as error:
        load("one_step", {**overrides, **free})
    assert [(found.where, found.key) for found in error.value.problems] == [
        ("argument", "planner.rate"),
        ("argument", "baselines.mine.rate"),
    ]


@pytest.mark.parametrize("allowed", [0.0, -0.15])
def test_the_values_of_a_sweep_are_checked_before_it_starts(workspace: Path, allowed: float) -> None:
    path = workspace / "mine.yaml"
    path.write_text(f"{HEAD}planner: {{label: own, kind: fixed, rates: [0.1, 0.2]}}\n", encoding="utf-8")
    axes = {"planner.rates.0": [0.1, -0.2], "economy.lowest_rate": [-0.5, allowed]}
    with pytest.raises(ScenarioError, match=rf"axis: planner\.rates\.0: the rate -0\.2 is below .* {allowed:g}; set"):
        table_of(Request(scenario=str(path), axes=axes))


def test_validate_finds_agents_that_cannot_play_with_file_and_line(workspace: Path) -> None:
    path = workspace / "mine.yaml"
    given = "baselines:\n  mine: {kind: fixed, rates: [0.1]}\nplanner: free_market\n"
    path.write_text(HEAD + given, encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        validate_file(path)
    expected = "mine.yaml:8: baselines.mine.rates: expected 2 rates, one per bracket, found 1"
    assert str(error.value) == expected
