"""The best trial of a search under seeds that the choice has not seen, and the threads and backend of its runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from small_economy import RULES
from typer.testing import CliRunner

from econsim import random
from econsim.cli.application import app
from econsim.errors import UserError
from econsim.runs.scoring import scores
from econsim.scenario import load
from econsim.scenario.plan import plan_of
from econsim.sweep.held_out import HELD_OUT
from econsim.sweep.search import ParameterSearch, SearchRequest, search

pytest.importorskip("optuna")

FIXED: dict[str, Any] = {key: value[0] if isinstance(value, list) else value for key, value in RULES.items()} | {
    "economy.workers": 6,
    "economy.population": {"kind": "lognormal", "sampling": "random"},
    "economy.redraw_population": True,
}


def found(folder: Path, budget: int = 4, **more: Any) -> ParameterSearch:
    over = {"planner.rate": "uniform(0,1)"}
    asked = {"scenario": "one_step", "over": over, "fixed": FIXED, "metric": "revenue", "seeds": 2, "method": "random"}
    return search(SearchRequest.model_validate(asked), budget, folder, quiet=True, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    found(folder)
    return folder


def test_the_best_trial_is_run_again_under_fresh_seeds_once(folder: Path) -> None:
    best = found(folder)
    first, again = best.held_out(), best.held_out()
    assert (first.looks, again.looks, first.interval) == (1, 2, again.interval)
    ((identity, stored),) = json.loads((folder / HELD_OUT).read_text()).items()
    seeds = random.held_out_seeds(f"{(folder / 'search.yaml').read_text()}\n{identity}", 5)

    def revenue(seed: int) -> float:
        scenario = load("one_step", {**FIXED, **first.winner.levels, "seed": seed})
        plan = plan_of(scenario, scenario.build_game())
        (score,) = scores(plan, plan.build_agents())
        return score.metrics["revenue"]

    assert stored["metrics"]["revenue"] == pytest.approx([revenue(seed) for seed in seeds])
    assert first.interval["mean"] == pytest.approx(sum(stored["metrics"]["revenue"]) / 5)
    # On the two seeds that chose it: the interval over these, around the best value.
    naive = first.winner.interval
    assert (naive["seeds"], first.winner.tried) == (2, 4)
    assert naive["mean"] == pytest.approx(best.best["value"])
    assert naive["low"] < naive["mean"] < naive["high"]


def test_the_command_prints_the_held_out_interval(folder: Path) -> None:
    fixed = [f"{key}={json.dumps(value)}" for key, value in FIXED.items()]
    axis = ["--over", "planner.rate=0.2,0.6"]
    asked = [
        "search",
        "one_step",
        *fixed,
        *axis,
        "--maximise",
        "revenue",
        "--budget",
        "2",
        "--out",
        str(folder / "cli"),
    ]
    told = CliRunner().invoke(app, [*asked, "--threads", "2", "--quiet"])
    assert told.exit_code == 0, told.output
    assert re.search(r"Winner among \d variants? by revenue", told.stdout)
    assert "held-out seeds" in told.stdout
    assert json.loads((folder / "cli" / "environment.json").read_text())["threads"] == 2
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 2
    assert "was started with --threads 2, and --threads 1 would round" in refused.output.replace("\n", " ")


def test_a_search_keeps_its_backend(tmp_path: Path) -> None:
    found(tmp_path, 1, backend="kernels")
    assert json.loads((tmp_path / "environment.json").read_text())["backend"] == "kernels"
    with pytest.raises(UserError, match="was started with --backend kernels, and --backend tensors would round"):
        found(tmp_path, 2)
    with pytest.raises(UserError, match="--backend turbo: expected tensors or kernels"):
        found(tmp_path, 2, backend="turbo")
