"""The commands of sweeps: what they print, and how they end."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from small_economy import Here
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.training.two_level import TwoLevel

FIXED = ["planner=flat", "agents.worker=elastic_rule", "economy.workers=12", "baselines=[]", "evaluation=none"]
FIXED += ["training=none", "headline=none"]


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("econsim.sweep.launch.launcher_for", lambda *how: Here())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")


def econsim(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_a_sweep_is_made_asked_and_summarised(tmp_path: Path) -> None:
    made = econsim(
        "sweep", "one_step", *FIXED, "planner.rate=lin(0,0.8,3)", "seed=0:2", "--workers", "1", "--out", "mine"
    )
    assert made.exit_code == 0, made.output
    assert "6 runs: 6 in 1 batch, 0 alone" in made.output
    assert "packed: planner.rate (separate agents)" in made.output
    counted = econsim("query", "mine", "select count(*) as runs from runs", "--csv", "answer.csv")
    assert counted.exit_code == 0, counted.output
    assert (tmp_path / "answer.csv").read_text() == "runs\n6\n"
    econsim("query", "mine", "select '=1+1' as \"@name\", -1 as number", "--csv", "formula.csv")
    assert Path("formula.csv").read_text() == "'@name,number\n'=1+1,-1\n"
    assert "avg" in econsim("query", "mine", "select avg(value) as avg from metrics").output
    told = econsim("summary", "mine", "--metric", "revenue", "--csv", "means.csv").output
    assert "Best of 3 points by Revenue, USD" in told
    assert "Main effects on Revenue, USD" in told
    assert "Frontier of equality and productivity, USD" in told
    assert "3 points: 3 on the front" in told
    assert len((tmp_path / "means.csv").read_text().splitlines()) == 4
    assert econsim("resume", "mine").exit_code == 0
    refused = econsim("query", "mine", "select 1", "--csv", "nowhere/answer.csv")
    assert refused.exit_code == 2
    assert "there is no folder nowhere" in refused.output


def test_a_dry_run_prints_the_runs_and_writes_nothing(tmp_path: Path) -> None:
    told = econsim("sweep", "one_step", *FIXED, "planner=flat", "planner.rate=0.1,0.2", "--dry-run", "--workers", "2")
    assert told.exit_code == 2  # an axis twice
    told = econsim("sweep", "one_step", *FIXED, "planner.rate=0.1,0.2", "seed=0:30", "--dry-run", "--workers", "2")
    assert told.exit_code == 0, told.output
    assert "in all runs: planner flat" in told.output
    assert ["0", "0.1", "0"] in [line.split() for line in told.output.splitlines()]  # what varies, and nothing else
    assert "... and 20 more" in told.output
    assert "time: about 0:0" in told.output
    assert "measured on 1 of 1 kinds of runs" in told.output
    assert "model calls: none" in told.output
    assert "memory: about" in told.output
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_measures_what_is_fitted() -> None:
    fitted = [each for each in FIXED if "planner" not in each]
    told = econsim("sweep", "one_step", *fitted, "planner=saez", "planner.iterations=2,3", "--dry-run")
    assert told.exit_code == 0, told.output
    assert "not packed: planner.iterations (saez is fitted separately in each run)" in told.output
    assert "measured on 2 of 2 kinds of runs" in told.output


def test_a_dry_run_measures_minds_that_learn_under_a_fitted_planner() -> None:
    short = ["training.warm_up=1", "training.iterations=1", "planner.iterations=2", "headline=none"]
    short += ["baselines=[free_market]", "evaluation.ceiling=saez"]
    told = econsim("sweep", "one_step", "planner=saez", *short, "seed=0:2", "--dry-run")
    assert told.exit_code == 0, told.output
    assert "measured on 1 of 1 kinds of runs" in told.output


def test_a_planner_that_learns_is_measured_as_one_beside_fitted_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    planners, fit = [], TwoLevel.fit

    def watched(self: TwoLevel, game: Any, agents: Any, seed: int, recorder: Any) -> Any:
        planners.append(type(agents["planner"]).__name__)
        return fit(self, game, agents, seed, recorder)

    monkeypatch.setattr(TwoLevel, "fit", watched)
    short = ["training.warm_up=1", "training.iterations=1", "headline=none"]
    short += ["baselines=[free_market, saez]", "evaluation.ceiling=saez"]
    told = econsim("sweep", "one_step", *short, "seed=0:2", "--dry-run")
    assert told.exit_code == 0, told.output
    assert planners == ["Ppo"]


def test_a_wrong_axis_ends_before_anything_starts(tmp_path: Path) -> None:
    told = econsim("sweep", "one_step", "economy.wrokers=10,20")
    assert told.exit_code == 2
    assert "axis: economy.wrokers: unknown key (did you mean workers" in told.output
    assert list(tmp_path.iterdir()) == []
    assert econsim("sweep", "seed=0:3").exit_code == 2
    assert "expected name=value" in econsim("sweep", "one_step", *FIXED, "--cluster", "short").output


def test_a_sweep_with_failures_ends_with_one() -> None:
    axes = [each for each in FIXED if "planner" not in each] + ["planner=fixed", "planner.rates=[0.1],[0.2]"]
    told = econsim("sweep", "one_step", *axes, "--no-pack", "--out", "mine")
    assert told.exit_code == 1
    assert "run 0 failed: one_step: planner.rates: expected 7 rates, one per bracket, found 1" in told.output
    assert "2 failed (see the column error of runs.parquet)" in told.output


def test_runs_that_ask_a_model_need_agreement(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        model = ["llm.model=some-model", f"llm.base_url=http://127.0.0.1:{server.server_port}/v1"]
        told = econsim("sweep", "llm_economist_bounded", *model, "seed=0:3", "--out", "mine")
        server.shutdown()
    assert told.exit_code == 2
    assert "Confirm with --yes" in told.output, told.output
    assert not (tmp_path / "mine").exists()


def test_a_search_says_what_is_best() -> None:
    pytest.importorskip("optuna")
    asked = ["search", "one_step", *FIXED, "--over", "planner.rate=0.1,0.5,0.9", "--budget", "6", "--out", "found"]
    told = econsim(*asked, "--minimise", "mean_hours", "--method", "random")
    assert told.exit_code == 0, told.output
    assert "planner.rate: 0.9" in told.output
    assert econsim(*asked).exit_code == 2
    assert "give either --maximise or --minimise" in econsim(*asked).output
