"""Plots of a sweep in its report and on the dashboard: lines with bands, heat maps, and dots, by the kind of axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Make
from small_economy import RULES

from econsim.sweep import Options, read_request, start_sweep
from econsim.sweep.index import Index
from econsim.sweep.level_plots import level_plots
from econsim.watch import sweep_plots

DRAWN: dict[str, Any] = {
    "economy.population.sampling": "random", "economy.redraw_population": True, "baselines": [["free_market"]],
    "seed": "0:3",
}  # fmt: skip


def test_one_axis_of_numbers_gives_lines_with_bands(sweep: Make) -> None:
    made = sweep(DRAWN | {"planner.rate": [0.1, 0.5, 0.9]})
    (plot,) = level_plots(made, "welfare")
    assert (plot.form, plot.xlabel) == ("lines", "planner.rate")
    assert plot.caption == "Welfare, USD, by planner.rate; the 95 % intervals are over seeds."
    assert list(plot.tables) == ["free_market", "flat"]
    means = made.summary("welfare").means
    own = means[means["policy"] == "flat"]
    assert plot.tables["flat"]["mean"].tolist() == own["mean"].tolist()
    assert plot.tables["flat"]["low"].tolist() == own["low"].tolist()
    # The baseline has the same welfare at every rate: a level line over all rates.
    assert plot.tables["free_market"]["x"].tolist() == [0.1, 0.5, 0.9]
    (axes,) = plot.still().axes
    assert [line.get_ydata().tolist() for line in axes.lines][1] == own["mean"].tolist()
    assert len(axes.collections) == 2  # bands
    assert (axes.get_ylabel(), plot.live()["layout"]["yaxis"]["title"]["text"]) == ("Welfare, USD", "Welfare, USD")
    # On the dashboard: the same numbers, a band and a line for each policy.
    live = sweep_plots.plots_of(made.path, "welfare")["planner.rate"]
    assert [trace["y"] for trace in live["data"] if trace.get("mode") == "lines+markers"][1] == own["mean"].tolist()
    assert sum(trace.get("fill") == "toself" for trace in live["data"]) == 2
    assert sweep_plots.metrics_of(made.path)[0] == "welfare"


def test_a_key_that_changes_no_policy_gives_level_lines_over_its_values(sweep: Make) -> None:
    made = sweep(DRAWN | {"planner": ["free_market"], "baselines": [[]], "agents.worker.elasticity": [0.2, 0.4]})
    (plot,) = level_plots(made, "revenue")
    (curve,) = plot.tables.values()
    assert curve["x"].tolist() == [0.2, 0.4]
    assert curve["mean"].tolist() == [0.0, 0.0]
    assert plot.still().axes


def test_two_axes_of_numbers_give_a_heat_map(sweep: Make) -> None:
    made = sweep(DRAWN | {"planner.rate": [0.1, 0.5], "agents.worker.elasticity": [0.2, 0.3, 0.4]})
    (plot,) = level_plots(made, "welfare")
    assert plot.form == "map"
    assert list(plot.tables) == ["flat"]  # the rate does not change the baseline
    welfare = made.metrics[(made.metrics["name"] == "welfare") & (made.metrics["policy"] == "flat")]
    expected = welfare.pivot_table(index="agents.worker.elasticity", columns="planner.rate", values="value")
    assert plot.tables["flat"].to_numpy().ravel() == pytest.approx(expected.to_numpy().ravel())
    (mesh,) = plot.still().axes[0].collections
    assert mesh.get_array().ravel().tolist() == pytest.approx(expected.to_numpy().ravel().tolist())
    (trace,) = plot.live()["data"]
    assert (
        plot.still().axes[-1].get_ylabel()
        == plot.live()["layout"]["coloraxis"]["colorbar"]["title"]["text"]
        == "Welfare, USD"
    )
    assert plot.caption == "Welfare, USD, by planner.rate and agents.worker.elasticity; means over seeds."
    assert trace["x"] == ["0.1", "0.5"]
    assert trace["z"][2] == pytest.approx(expected.iloc[2].tolist())


def test_names_give_dots_and_sampled_numbers_a_line_for_each_axis(sweep: Make, tmp_path: Path) -> None:
    made = sweep(DRAWN | {"planner": ["free_market", "us_federal"], "baselines": [[]]})
    (plot,) = level_plots(made, "welfare")
    assert (plot.form, plot.xlabel) == ("dots", "Welfare, USD")
    assert set(plot.live()["data"][0]["y"]) == {"free_market", "us_federal"}
    assert plot.still().axes[0].get_title() == "Welfare, USD"
    points = {"planner.rate": [0.1, 0.2, 0.3], "agents.worker.elasticity": [0.3, 0.2, 0.4]}
    request = read_request("one_step", RULES | DRAWN | points, ["planner.rate,agents.worker.elasticity"])
    sampled = start_sweep(request, tmp_path / "sampled", Options(workers=1), quiet=True)
    assert [(plot.form, plot.xlabel) for plot in level_plots(sampled, "welfare")] == [
        ("lines", "planner.rate"),
        ("lines", "agents.worker.elasticity"),
    ]


def test_seeds_alone_and_unfinished_sweeps_have_no_plot(sweep: Make) -> None:
    made = sweep(DRAWN)
    assert level_plots(made, "welfare") == []
    with Index(made.path / "index.sqlite") as index:
        index.forget(("done",))
    (made.path / "runs.parquet").unlink()
    assert sweep_plots.metrics_of(made.path) == []
    assert not (made.path / "runs.parquet").exists()  # looking at a sweep writes nothing
