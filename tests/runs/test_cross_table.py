from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from econsim.errors import UserError
from econsim.runs import Run, execute
from econsim.runs.cross_table import cross_table
from econsim.scenario import Scenario

Make = Callable[..., Scenario]


@pytest.fixture
def run(scenario: Make, tmp_path: Path) -> Run:
    return execute(scenario(), tmp_path / "one", quiet=True)


def test_every_planner_meets_every_set_of_workers(run: Run) -> None:
    table = cross_table([run.path], episodes=2)
    assert list(table.columns) == ["planner", "workers", "metric", "mean", "standard_error", "episodes"]
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
    assert table["standard_error"].tolist() == [0.0] * 15


def test_other_numbers_and_one_episode(run: Run) -> None:
    table = cross_table([run.path], episodes=1, metric="revenue")
    half = table[(table["planner"] == "half") & (table["workers"] == "evaluation workers")]
    # Effort 1/2 at a rate of 1/2, skills 1 to 5.
    assert half["mean"].item() == pytest.approx(0.25 * 15, abs=1e-12)
    assert half["standard_error"].isna().all()


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
