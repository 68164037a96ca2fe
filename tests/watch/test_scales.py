"""Learning curves on the dashboard: never runs of two welfare functions on one axis."""

from __future__ import annotations

import shutil
from pathlib import Path

from econsim.runs import Run
from econsim.runs.metrics_table import MetricRow, MetricsWriter
from econsim.scenario import load
from econsim.watch import drawing

RETURN, WELFARE, HOURS = "training/return, planner", "play/welfare", "play/mean_hours"


def going_on(folder: Path, done: Path, name: str, welfare: str) -> Run:
    """Make what a run of one step under a welfare function has written some way into its training."""
    path = folder / name
    path.mkdir()
    overrides = {"economy.welfare": welfare, "economy.workers": 4, "training": "ppo"}
    (path / "scenario.yaml").write_text(load("one_step", overrides).dump(), encoding="utf-8")
    shutil.copy(done / "environment.json", path / "environment.json")
    (path / "log.txt").write_text("2026-01-01T00:00:00 trained: ppo\n", encoding="utf-8")
    writer = MetricsWriter(path / "metrics.parts", "live")
    for step in range(2):
        writer.add(MetricRow("ppo", "", 42, "planner", step, "training/return", 100.0 + step))
        writer.add(MetricRow("ppo", "", 42, "", step, "play/welfare", 100.0 + step))
        writer.add(MetricRow("ppo", "", 42, "", step, "play/mean_hours", 40.0))
    writer.flush()
    return Run(path)


def test_runs_of_another_welfare_function_are_left_out_of_returns_and_named(folder: Path, tmp_path: Path) -> None:
    functions = {"a": "utilitarian", "b": "rawlsian", "c": "utilitarian"}
    runs = {name: going_on(tmp_path, folder / "done", name, welfare) for name, welfare in functions.items()}
    drawn = {}
    for measure in (RETURN, WELFARE, HOURS):
        plot = drawing.learning(runs, measure)
        assert plot is not None
        drawn[measure] = {str(trace["name"]).partition(":")[0] for trace in plot["data"]} - {"None"}
    assert drawn == {RETURN: {"a", "c"}, WELFARE: {"a", "c"}, HOURS: {"a", "b", "c"}}
    assert drawing.left_out(runs, RETURN) == ["b"]
    assert drawing.left_out({name: runs[name] for name in "ac"}, RETURN) == []
