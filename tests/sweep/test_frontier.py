"""The frontier of two metrics: which points are on it, and for which of them intervals over seeds leave it open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Make
from small_economy import Here
from typer.testing import CliRunner

from econsim.analysis.statistics import mean_interval
from econsim.cli.application import app
from econsim.errors import UserError
from econsim.sweep import open_sweep, plots
from econsim.sweep.dominance import judged

DRAWN = {"economy.redraw_population": True, "economy.population.sampling": "random", "economy.workers": 30}
PAIR = "equality,productivity"


def of_points(*points: tuple[list[float], list[float]]) -> tuple[list[bool], list[bool]]:
    on_front, clear = judged(np.array(points, dtype=float).transpose(1, 0, 2))
    return on_front.tolist(), clear.tolist()


def test_a_point_is_clearly_dominated_only_if_both_paired_differences_exclude_zero() -> None:
    best = [5.0, 9.0, 7.0], [5.0, 9.0, 7.0]
    # One lower under every seed, although the intervals of the two means overlap widely: clear, since seeds are common.
    below = [4.0, 8.1, 6.0], [4.0, 8.0, 6.1]
    # Lower on average in the first, but higher under one seed: open.
    noisy = [6.0, 6.0, 6.0], [4.0, 8.0, 6.0]
    assert of_points(best, below, noisy) == ([True, False, False], [True, True, False])


def test_a_point_of_the_front_is_clear_if_it_is_better_than_each_other_in_one_quantity() -> None:
    equal = [9.0, 9.1, 9.2], [1.0, 1.1, 1.3]
    rich = [1.0, 1.1, 1.2], [9.0, 9.1, 9.3]
    assert of_points(equal, rich) == ([True, True], [True, True])
    # Points that are the same under every seed do not dominate each other.
    assert of_points(equal, rich, equal) == ([True] * 3, [True] * 3)
    # The same in one quantity and better in the other: dominated.
    assert of_points(equal, (equal[0], [0.5, 0.6, 0.7])) == ([True, False], [True, True])


def test_points_without_common_seeds_and_single_seeds_are_open() -> None:
    nan = float("nan")
    assert of_points(([5.0], [5.0]), ([1.0], [1.0])) == ([True, False], [False, False])
    parted = ([5.0, 5.1, nan, nan], [5.0, 5.2, nan, nan]), ([nan, nan, 1.0, 1.1], [nan, nan, 1.0, 1.2])
    assert of_points(*parted) == ([True, False], [False, False])


def test_the_frontier_of_a_sweep_has_intervals_over_seeds(sweep: Make) -> None:
    made = sweep(DRAWN | {"planner.rate": [0.0, 0.4, 0.8], "baselines": [["free_market"]], "seed": "0:4"})
    frontier = made.summary(frontier=PAIR).frontier
    assert frontier is not None
    points = frontier.points.set_index(["policy", "planner.rate"])
    # The baseline is the same at every rate, and has one point.
    assert list(points.index) == [("free_market", "all"), ("flat", 0.0), ("flat", 0.4), ("flat", 0.8)]
    gini = made.metrics[(made.metrics["name"] == "consumption_gini") & (made.metrics["policy"] == "flat")]
    expected = mean_interval(1.0 - gini[gini["planner.rate"] == 0.4]["value"])
    row = points.loc[("flat", 0.4)]
    assert (row["equality"], row["equality_high"]) == pytest.approx((expected.mean, expected.high))
    assert points["on_front"].all()
    assert points["clear"].all()
    assert "equality is 1 - consumption_gini" in frontier.words()
    assert "4 points: 4 on the front (4 clear, 0 unclear)" in frontier.words()
    # Less equal and less productive than another rate: with less inequality the worse metric, all but one is dominated.
    worse = made.summary(frontier="equality:min,productivity:min").frontier
    (axes,) = plots.frontier(worse).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "equality (less is better)", "productivity, USD (less is better)",
    )  # fmt: skip
    assert worse is not None
    assert worse.front["planner.rate"].tolist() == ["all", 0.0, 0.4, 0.8]


def test_planners_fitted_under_varied_weights_have_a_frontier(sweep: Make) -> None:
    axes: dict[str, Any] = {"planner": "saez", "planner.iterations": 2, "agents.worker": "best_response"}
    weights = {"economy.welfare": ["utilitarian", "inverse_income", "rawlsian"]}
    made = sweep(DRAWN | axes | weights | {"seed": "0:3"}, pack=False)
    front = made.summary(frontier=PAIR).front
    # The more weight on the poor, the more equal and the less productive.
    assert front["economy.welfare"].tolist() == ["rawlsian", "inverse_income", "utilitarian"]


@pytest.fixture
def econsim(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setattr("econsim.sweep.launch.launcher_for", lambda *how: Here())
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


FIXED = ["planner=flat", "agents.worker=elastic_rule", "economy.workers=12", "evaluation=none", "training=none"]


def test_the_command_writes_figure_and_table_also_for_a_finished_sweep(econsim: Any) -> None:
    axes = ["headline=none", "baselines=[]", "planner.rate=0.1,0.6", "seed=0:2"]
    made = econsim("sweep", "one_step", *FIXED, *axes, "--frontier", PAIR, "--out", "mine")
    assert made.exit_code == 0, made.output
    assert "Frontier of equality and productivity, USD" in made.output
    page = Path("mine/report.html").read_text()
    assert "2 points: 2 on the front (2 clear, 0 unclear)" in page
    assert Path("mine/figures/frontier_equality_productivity.svg").is_file()
    assert Path("mine/figures/frontier_equality_productivity.png").is_file()
    done = econsim("summary", "mine", "--frontier", "revenue,consumption_gini:min")
    assert done.exit_code == 0, done.output
    assert "Frontier of Revenue, USD, and Gini of consumption" in done.output
    table = pd.read_csv("mine/tables/frontier_revenue_consumption_gini.csv")
    assert {"revenue_low", "consumption_gini_high", "on_front", "clear"} <= set(table)
    assert open_sweep("mine").summary().frontier.name == "frontier_equality_productivity"  # as it was started


def test_an_unknown_metric_is_refused_before_anything_runs(econsim: Any, tmp_path: Path) -> None:
    done = econsim("sweep", "one_step", *FIXED, "seed=0:2", "--frontier", "equalty,productivity")
    assert done.exit_code == 2
    assert "--frontier equalty,productivity: no metric 'equalty' (did you mean equality" in done.output
    assert list(tmp_path.iterdir()) == []
    done = econsim("sweep", "one_step", *FIXED, "seed=0:2", "--frontier", "equality")
    assert "expected two different metrics, as in equality,productivity" in done.output


def test_an_unknown_metric_of_a_finished_sweep_is_named_with_near_ones(sweep: Make) -> None:
    made = sweep({"seed": "0:2"})
    with pytest.raises(UserError, match=r"sweep: no metric 'productivty' \(did you mean productivity"):
        made.summary(frontier="equality,productivty")
