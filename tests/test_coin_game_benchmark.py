"""The committed result of the coin game's benchmark meets its targets, and its summary pairs populations by seed."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from econsim.scenario import load

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
RESULT: dict[str, Any] = json.loads((BENCHMARKS / "results" / "coin_game.json").read_text("utf-8"))["result"]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("coin_game")


def test_selfish_players_waste_and_a_team_and_a_fine_spare() -> None:
    selfish, team, planner = RESULT["selfish"], RESULT["team"], RESULT["planner"]
    assert selfish["reward_per_step"]["seeds"] >= 10
    assert team["reward_per_step"]["seeds"] >= 5
    assert planner["reward_per_step"]["seeds"] >= 3
    assert abs(selfish["own_colour_share"]["mean"] - 0.5) <= 0.03
    # Selfish players who take every coin earn 0, +/- 0.01 as others report it. Training seeds have a standard
    # deviation of 0.005, so that the mean of ten has a standard error of 0.002: twice the target would be noticed.
    assert abs(selfish["reward_per_step"]["mean"]) <= 0.01
    assert selfish["reward_per_step"]["interval"][1] <= 0.02
    assert team["own_colour_share"]["mean"] > 0.8
    assert planner["more_reward_than_selfish"]["interval"][0] > 0
    assert all(run["payment"] < -1 for run in RESULT["runs"]["planner"].values())  # the closed form
    headline = load("coin_game_planner").headline
    assert headline is not None
    shares = [run["own_colour_share"] for run in RESULT["runs"]["planner"].values()]
    assert all(abs(share - headline.value) < headline.tolerance for share in shares)
    assert headline.value - headline.tolerance > selfish["own_colour_share"]["mean"] + 0.2


def test_the_summary_is_that_of_its_runs(benchmark: Any) -> None:
    assert benchmark.summary(RESULT["runs"]) == RESULT


def test_the_planner_is_compared_with_the_same_seeds_in_episodes_of_the_same_length(benchmark: Any) -> None:
    scores = {"own_colour_share": 0.5, "coins_per_step": 0.5}
    selfish = {
        seed: {**scores, "reward_per_step": 9.0, "in_short_episodes": {**scores, "reward_per_step": reward}}
        for seed, reward in (("1", 0.0), ("2", 0.2), ("3", 7.0))
    }
    planner = {
        seed: {**scores, "reward_per_step": reward, "payment": -1.5, "without_payment": {"reward_per_step": 0.0}}
        for seed, reward in (("1", 0.1), ("2", 0.4))
    }
    added = benchmark.summary({"selfish": selfish, "planner": planner})["planner"]["more_reward_than_selfish"]
    assert (added["mean"], added["seeds"]) == (0.15, 2)
