from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from econsim.analysis.counterfactual import paired_difference
from econsim.analysis.statistics import EQUAL, SINGLE, mean_interval
from econsim.errors import UserError
from econsim.runs import Run, execute
from econsim.runs.cross_table import cross_table
from econsim.runs.evaluation import evaluation_key, play
from econsim.scenario import Scenario, load

Make = Callable[..., Scenario]


DRAWN = """
econsim: 1
name: drawn
economy: {kind: one_step, workers: 20, brackets: [0, 90000], redraw_population: true}
agents: {worker: {kind: fixed_hours, hours: 40}}
planner: {kind: flat, rate: 0.1}
baselines: [free_market]
"""


@pytest.fixture
def run(scenario: Make, tmp_path: Path) -> Run:
    return execute(scenario(), tmp_path / "one", quiet=True)


def test_every_planner_meets_every_set_of_workers(run: Run) -> None:
    table = cross_table([run.path], episodes=2)
    assert list(table.columns) == [
        "planner", "workers", "metric", "mean", "low", "high", "interval", "episodes",
        "difference", "difference_low", "difference_high", "difference_interval",
    ]  # fmt: skip
    assert table["planner"].unique().tolist() == ["free", "half", "best", "trained, seed 7", "trained, seed 8"]
    assert table["workers"].unique().tolist() == [
        "evaluation workers", "trained under trained, seed 7", "trained under trained, seed 8"
    ]  # fmt: skip
    cell = table.set_index(["planner", "workers"])["mean"]
    policies = run.summary["policies"]
    for label in ("free", "half", "best"):
        assert cell[label, "evaluation workers"] == pytest.approx(policies[label]["exact"]["welfare"], abs=1e-12)
    for seed in ("7", "8"):
        own = policies["trained"]["seeds"][seed]["learned"]["welfare"]
        assert cell[f"trained, seed {seed}", f"trained under trained, seed {seed}"] == pytest.approx(own, abs=1e-12)
    # Nothing is drawn in the orchard, so that episodes agree.
    assert table["interval"].tolist() == [EQUAL] * 15
    assert table[["low", "high", "difference_low", "difference_high"]].isna().all().all()
    # The first planner has no difference; the others have that of the means with the same workers.
    free = table["workers"].map(cell["free"])
    assert table["difference"].iloc[3:].tolist() == pytest.approx((table["mean"] - free).iloc[3:].tolist())
    assert table["difference"].iloc[:3].isna().all()


def test_intervals_are_over_episodes_and_those_of_differences_are_paired(tmp_path: Path) -> None:
    (tmp_path / "drawn.yaml").write_text(DRAWN)
    run, reports = execute(load(tmp_path / "drawn.yaml"), tmp_path / "drawn", quiet=True), list[tuple[int, int]]()
    table = cross_table([run.path], 8, progress=lambda done, total, message="": reports.append((done, total)))
    of = table.set_index("planner")
    game, key = run.plan.game.to(dtype=torch.float64), evaluation_key(run.scenario.seed, 8)
    values = {
        policy.label: play(game, policy.build(), key).accounts["welfare"].tolist() for policy in run.plan.policies
    }
    assert set(values) == set(of.index)
    for label in of.index:
        mean = mean_interval(values[label])
        assert of.loc[label, ["mean", "low", "high"]].tolist() == pytest.approx([mean.mean, mean.low, mean.high])
    paired = paired_difference(values["free_market"], values["flat"])
    found = of.loc["flat", ["difference", "difference_low", "difference_high"]].tolist()
    assert found == pytest.approx([paired.difference, paired.low, paired.high])
    # The people are the same under both, so that the difference varies less than the welfare of either.
    assert found[2] - found[1] < 0.5 * (of.loc["flat", "high"] - of.loc["flat", "low"])
    steps = 2 * (run.plan.game.horizon + 1)
    assert reports == [(done, steps) for done in range(1, steps + 1)]


def test_other_numbers_and_one_episode(run: Run) -> None:
    table = cross_table([run.path], episodes=1, metric="revenue")
    half = table[(table["planner"] == "half") & (table["workers"] == "evaluation workers")]
    # Effort 1/2 at a rate of 1/2, skills 1 to 5.
    assert half["mean"].item() == pytest.approx(0.25 * 15, abs=1e-12)
    assert half[["low", "difference_low"]].isna().all().all()
    assert half["interval"].item() == half["difference_interval"].item() == SINGLE


def test_several_runs_share_what_is_the_same_and_name_what_is_not(run: Run, scenario: Make, tmp_path: Path) -> None:
    other = execute(
        scenario(seeds=1, seed=9, baselines={"free": {"kind": "free_market"}, "half": {"kind": "flat", "rate": 0.4}},
                 evaluation={"workers": {"kind": "best_response"}, "floor": None, "ceiling": None}),
        tmp_path / "two",
        quiet=True,
    )  # fmt: skip
    table = cross_table([run.path, other.path], episodes=1)
    assert table["planner"].unique().tolist() == [
        "free", "half", "one: best", "one: trained, seed 7", "one: trained, seed 8", "two: half", "two: best",
        "two: trained"
    ]  # fmt: skip
    assert table["workers"].unique().tolist() == [
        "evaluation workers", "one: trained under trained, seed 7", "one: trained under trained, seed 8",
        "two: trained under trained",
    ]  # fmt: skip


def test_what_cannot_be_compared_says_why(run: Run, scenario: Make, tmp_path: Path) -> None:
    other = execute(scenario(**{"economy.workers": 4}), tmp_path / "two", quiet=True)
    with pytest.raises(UserError, match=r"economy\.workers is 4 instead of 5; planners and workers can only"):
        cross_table([run.path, other.path])
    with pytest.raises(UserError, match=r"--metric welfar: no such metric of an episode \(did you mean welfare"):
        cross_table([run.path], metric="welfar")
    with pytest.raises(UserError, match="a run is given twice"):
        cross_table([run.path, run.path])
    with pytest.raises(UserError, match="at least one run"):
        cross_table([])
    with pytest.raises(UserError, match="--episodes 0: expected at least 1"):
        cross_table([run.path], episodes=0)
    (run.path / "summary.json").unlink()
    with pytest.raises(UserError, match="not finished"):
        cross_table([run.path])
