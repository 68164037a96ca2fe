"""Intervals of runs: over training seeds or over episodes, paired between policies, none where nothing varies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from econsim.analysis.counterfactual import paired_difference
from econsim.analysis.statistics import mean_interval
from econsim.report.interval_notes import interval_notes
from econsim.runs import Run, execute
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.score_intervals import intervals, paired_differences
from econsim.runs.scoring import Score
from econsim.scenario import load

ONE_STEP: dict[str, Any] = {
    "economy.workers": 10,
    "economy.population": {"kind": "lognormal"},
    "agents.worker": "elastic_rule",
    "planner": "flat",
    "baselines": ["free_market", "us_federal"],
    "evaluation": "none",
    "training": "none",
    "headline": "none",
}
REDRAWN = {"economy.redraw_population": True, "economy.population.sampling": "random", "episodes": 12}


def made(folder: Path, changes: dict[str, Any], scenario: str = "one_step") -> Run:
    return execute(load(scenario, changes), folder / "run", quiet=True)


def score(policy: str, seed: int, welfare: float, by_episode: list[float] | None = None) -> Score:
    episodes = {} if by_episode is None else {"welfare": np.array(by_episode)}
    return Score(policy, "exact", seed, {"welfare": welfare}, [], {}, {}, by_episode=episodes)


def test_one_seed_has_an_interval_over_its_episodes_and_differences_are_paired(tmp_path: Path) -> None:
    run = made(tmp_path, ONE_STEP | REDRAWN)
    flat = run.summary["policies"]["flat"]
    game = run.scenario.build_game(dtype=torch.float64)
    welfare = {
        policy.label: play(game, policy.build(), evaluation_key(run.scenario.seed, 12)).accounts["welfare"].tolist()
        for policy in run.plan.policies
    }
    entry, by_hand = flat["intervals"]["scenario"]["welfare"], mean_interval(welfare["flat"])
    assert (entry["over"], entry["count"], entry["interval"]) == ("episodes", 12, by_hand.method)
    assert (entry["low"], entry["high"]) == pytest.approx((by_hand.low, by_hand.high), rel=1e-9)
    difference = flat["differences"]["scenario"]["welfare"]
    paired = paired_difference(welfare["us_federal"], welfare["flat"])
    assert (difference["low"], difference["high"]) == pytest.approx((paired.low, paired.high), rel=1e-6)
    # The same people under both policies: pairing makes the interval several times shorter.
    assert difference["high"] - difference["low"] < 0.3 * (entry["high"] - entry["low"])
    mean, versus, varies = interval_notes(run.summary)
    assert "over 12 episodes" in mean
    assert "flat minus us_federal" in versus
    assert "paired over 12 episodes" in versus
    assert varies.startswith("Episodes differ in their random draws")


def test_a_fixed_population_without_shocks_has_no_interval_and_the_reason_is_printed(tmp_path: Path) -> None:
    run = made(tmp_path, ONE_STEP | {"episodes": 4})
    for entry in run.summary["policies"]["flat"]["intervals"]["scenario"].values():
        assert (entry["low"], entry["high"], entry["interval"]) == (None, None, "none: all values are equal")
    assert "no interval: all values are equal" in interval_notes(run.summary)[0]


def test_a_single_episode_is_a_single_value(tmp_path: Path) -> None:
    run = made(tmp_path, ONE_STEP)
    assert run.summary["policies"]["flat"]["intervals"] == {}
    (note,) = interval_notes(run.summary)
    assert note.startswith("There is no interval")


def test_gather_trade_build_has_intervals_over_episodes(tmp_path: Path) -> None:
    changes = {"economy.horizon": 60, "episodes": 6, "headline": "none"}
    run = made(tmp_path, changes, "gather_trade_build")
    entry = run.summary["policies"]["us_federal"]["intervals"]["scenario"]["mean_labour"]
    assert entry["over"] == "episodes"
    assert entry["low"] < run.summary["policies"]["us_federal"]["scenario"]["mean_labour"] < entry["high"]


def test_seeds_are_paired_and_a_single_seed_is_that_of_every_pair() -> None:
    own = [score("own", 7, 3.0), score("own", 8, 6.0)]
    twice = [score("base", 8, 4.0), score("base", 7, 2.0)]
    entry = paired_differences(own, twice)["welfare"]
    assert (entry["difference"], entry["over"], entry["count"]) == (1.5, "training seeds", 2)
    # Differences 1 and 2: half their distance is the standard error; t(0.975, 1) = 12.7062.
    assert entry["high"] == pytest.approx(1.5 + 12.7062 * 0.5, abs=1e-3)
    against_one = paired_differences(own, [score("base", 7, 2.0)])["welfare"]
    assert against_one["difference"] == pytest.approx(2.5)
    assert intervals(own)["welfare"]["high"] - 4.5 == pytest.approx(against_one["high"] - 2.5)
