"""Whole runs on a simulated GPU: every kind of planner is fitted, played and scored there as on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from econsim.runs import Run, execute
from econsim.scenario import load
from econsim.testing.endpoints import Scripted, serve
from econsim.testing.fake_device import fake_device, is_supported, transfers

pytestmark = pytest.mark.skipif(not is_supported(), reason="this version of torch cannot pretend to have a GPU")

SMALL = {"economy.workers": 3, "training": None, "headline": None, "evaluation": None}
CONTINUOUS = {"economy.hours_step": None}
FEW_STEPS = {"kind": "hypergradient", "starts": 2, "iterations": 3, "samples": 2}
PLANNERS: dict[str, Any] = {
    "saez": {"kind": "saez", "iterations": 3},
    "cma_es": {"kind": "search", "method": "cma_es", "starts": 1, "generations": 2},
    "bayesian": {"kind": "search", "method": "bayesian", "candidates": 6},
    "soft": FEW_STEPS,
    "implicit": {**FEW_STEPS, "method": "implicit"},
    "elected": {"kind": "elected", "starts": 1, "finest_step": 0.1},
}


def run_on(device: str, overrides: dict[str, Any], name: str, folder: Path) -> Run:
    return execute(load(name, overrides), folder, device, threads=1)


def check(name: str, overrides: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("econsim.runs.execution.device_named", str)
    here = run_on("cpu", overrides, name, folder / "here" / "run")
    with fake_device() as device, transfers() as carried:
        there = run_on(str(device), overrides, name, folder / "there" / "run")
    assert carried
    pd.testing.assert_frame_equal(here.metrics, there.metrics, check_exact=True)
    assert here.summary["policies"] == there.summary["policies"]


@pytest.mark.parametrize("planner", PLANNERS)
def test_a_fitted_planner_is_the_same(planner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {
        "planner": PLANNERS[planner],
        "agents.worker": "best_response",
        "baselines": ["free_market", "us_federal"],
    }
    hours = CONTINUOUS if planner == "implicit" else {}
    check("one_step", {**SMALL, **hours, **chosen}, tmp_path, monkeypatch)


def test_minds_that_answer_in_words_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = {"economy.tax_years": 2, "economy.steps_per_tax_year": 1, "economy.workers": 6, "headline": None}
    short |= {"baselines.search": PLANNERS["cma_es"]}
    with serve(Scripted()) as base_url:
        model = {"llm.base_url": base_url, "llm.model": Scripted.name, "llm.store": str(tmp_path / "replies")}
        check("llm_economist", {**short, **model}, tmp_path, monkeypatch)


def test_curricula_of_minds_that_see_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phase = {"kind": "ppo", "iterations": 1, "copies": 2, "steps": 5, "follower": {"minibatches": 1, "epochs": 1}}
    phases = [
        {"name": "untaxed", "shared": True, "planner": "free_market", "training": phase},
        {"name": "taxed", "training": {**phase, "refit_every": 1}},
    ]
    saez = {"kind": "saez_buffer", "copies": 2, "rounds": 1, "buffer": 20, "fewest": 10}
    short = {"economy.horizon": 10, "episodes": 1, "headline": None, "training.phases": phases}
    short |= {"baselines": [], "planner": saez, "seeds": 2, "seeds_at_once": 2}
    check("gather_trade_build_two_level", short, tmp_path, monkeypatch)
