"""The winner of a sweep: how many were tried, and its interval on seeds that the choice has not seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Make
from small_economy import Here
from typer.testing import CliRunner

from econsim import random
from econsim.cli.application import app
from econsim.errors import RunError, UserError
from econsim.scenario import load
from econsim.sweep.held_out import HELD_OUT

DRAWN = {"economy.redraw_population": True, "economy.population.sampling": "random", "economy.workers": 12}
AXES: dict[str, Any] = DRAWN | {"planner.rate": [0.1, 0.5, 0.9], "baselines": [["free_market"]], "seed": "0:6"}


def test_seeds_that_are_set_aside_are_far_from_those_of_users() -> None:
    seeds = random.held_out_seeds("a sweep and its winner", 4, spacing=10_000)
    assert seeds[1] - seeds[0] == 10_000
    assert all(seed >= 2**52 and seed + 9_999 < 2**53 for seed in seeds)
    assert seeds != random.held_out_seeds("another winner", 4, spacing=10_000)
    assert load("one_step", [f"seed={seeds[0]}"]).seed == seeds[0]
    own, others = random.keys(seeds[0], 3), [random.keys(seed, 3) for seed in range(100)]
    assert not any((own == other).any() for other in others)


def test_a_winner_is_run_again_under_fresh_seeds(sweep: Make) -> None:
    made = sweep(AXES)
    found = made.held_out("welfare")
    welfare = made.metrics[(made.metrics["name"] == "welfare") & (made.metrics["policy"] == "flat")]
    by_rate = welfare.groupby("planner.rate")["value"].mean()
    assert found.winner.tried == 3  # baselines are references
    assert found.winner.levels == {"planner.rate": by_rate.idxmax()}
    assert found.winner.interval["mean"] == pytest.approx(by_rate.max())
    stored = json.loads((made.path / HELD_OUT).read_text())
    (values,) = [entry["metrics"]["welfare"] for entry in stored.values()]
    assert found.interval["mean"] == pytest.approx(sum(values) / 6)
    assert len(values) == found.interval["seeds"] == 6
    assert not set(values) & set(welfare["value"])  # other draws


def test_a_winner_is_run_again_in_a_batch_as_alone(sweep: Make) -> None:
    axes = AXES | {"planner.rate": [0.1, 0.5], "seed": "0:2", "baselines": [[]]}
    assert sweep(axes, "packed").held_out().interval == sweep(axes, "alone", pack=False).held_out().interval


def test_a_winner_is_evaluated_once_and_looks_are_counted(sweep: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = sweep(AXES)
    first = made.held_out("welfare")
    with monkeypatch.context() as patched:
        patched.delattr("econsim.sweep.batch.packed_scores")
        again = made.held_out("welfare")
    assert (first.looks, again.looks) == (1, 2)
    assert again.interval == first.interval
    assert "It has been looked at 2 times." in again.section()[0]
    other = made.held_out("consumption_gini:min")
    assert other.winner.levels == {"planner.rate": 0.9}
    assert (other.looks, other.winners) == (1, 2)
    assert "1 other winner of this sweep had a held-out evaluation" in other.section()[0]


def test_trained_planners_are_trained_again(sweep: Make) -> None:
    axes = DRAWN | {"planner": "saez", "planner.iterations": [1, 3], "agents.worker": "best_response"}
    made = sweep(axes, pack=False)  # no axis of seeds: a single one
    found = made.held_out("welfare")
    assert found.winner.interval["interval"] == "none: a single value"
    assert found.interval["seeds"] == 5
    assert found.interval["low"] < found.interval["mean"] < found.interval["high"]


def test_mistakes_and_damage_are_named(sweep: Make) -> None:
    made = sweep(AXES)
    with pytest.raises(UserError, match=r"no metric 'welfair' \(did you mean welfare"):
        made.held_out("welfair")
    with pytest.raises(UserError, match=r"the sweep does not vary planner\.rat"):
        made.held_out("welfare", within={"planner.rat": 0.1})
    with pytest.raises(UserError, match=r"no point has planner.rate 0.2"):
        made.held_out("welfare", within={"planner.rate": 0.2})
    assert made.held_out("welfare", within={"planner.rate": 0.1}).winner.tried == 1
    (made.path / HELD_OUT).write_text('{"half')
    with pytest.raises(RunError, match=r"held_out.json: the file of held-out evaluations is damaged; restore it"):
        made.held_out("welfare")


def test_the_command_prints_both_intervals(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("econsim.sweep.launch.launcher_for", lambda *how: Here())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    fixed = ["planner=flat", "agents.worker=elastic_rule", "evaluation=none", "training=none", "headline=none"]
    fixed += ["baselines=[]", *(f"{key}={str(value).lower()}" for key, value in DRAWN.items())]
    refused = CliRunner().invoke(app, ["sweep", "one_step", *fixed, "seed=0:2", "--best", "welfair"])
    assert "--best welfair: no metric 'welfair' (did you mean welfare" in refused.output
    assert list(tmp_path.iterdir()) == []
    command = ["sweep", "one_step", *fixed, "planner.rate=0.1,0.5", "seed=0:6", "--best", "welfare", "--out", "mine"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "Winner among 2 variants by welfare" in done.output
    assert "seeds of the sweep, which chose it (naive)" in done.output
    assert "\n                            held-out seeds" in done.output
    assert "Winner among 2 variants by welfare" in Path("mine/report.html").read_text()
