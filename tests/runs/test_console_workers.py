"""The console's numbers name the workers under whom they were measured, in the words of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from econsim.report.figures import Figures
from econsim.runs import Run, execute
from econsim.runs.console_summary import ending_rows
from econsim.runs.counterfactual import counterfactual
from econsim.scenario import load

RULES: dict[str, Any] = {
    "economy.workers": 5,
    "economy.population": {"kind": "lognormal"},
    "agents.worker": {"kind": "fixed_hours", "hours": 31},
    "planner": "flat",
    "baselines": ["free_market"],
    "evaluation": {"workers": "best_response", "floor": "free_market", "ceiling": None},
    "training": "none",
    "headline": {"metric": "flat.welfare", "value": 1.0, "tolerance": 0.1, "source": "none"},
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("econsim.report.figures._CAPTIONS", ())  # drawing takes seconds
    return execute(load("one_step", RULES), tmp_path / "run", quiet=True)


def test_hours_of_the_scenarios_own_workers_stand_beside_those_of_the_evaluation(run: Run) -> None:
    header, rows = ending_rows(run.summary)
    by_column = dict(zip(header, rows[-1], strict=True))
    # The scenario's own workers work 31 hours whatever the tax; exact best responses do not.
    assert by_column["mean hours, own"] == "31.0"
    assert by_column["mean hours, exact"] != "31.0"
    assert all(title == "policy" or title.rpartition(", ")[2] in ("exact", "own") for title in header)


def test_the_log_says_who_the_workers_are_and_under_whom_the_reference_is_compared(run: Run) -> None:
    log = (run.path / "log.txt").read_text()
    exact, own = "workers who play exact best responses", "the scenario's own workers (fixed_hours)"
    assert f"Each policy is scored under {exact} (exact) and under {own} (own)." in log
    assert f"headline flat.welfare, under {exact}: " in log


def test_workers_are_named_where_there_is_one_set_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("econsim.report.figures._CAPTIONS", ())
    changes = {"evaluation": "none", "headline": "none"}
    run = execute(load("one_step", RULES | changes), tmp_path / "run", quiet=True)
    assert "mean hours" in ending_rows(run.summary)[0]
    assert "scored under the scenario's own workers (fixed_hours)." in (run.path / "log.txt").read_text()


def test_captions_of_scores_name_the_workers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from econsim.report.captions import CAPTIONS

    metrics = tuple(caption for caption in CAPTIONS if caption[0] == "metrics")
    monkeypatch.setattr("econsim.report.figures._CAPTIONS", metrics)
    (figure,) = Figures(run).captioned()
    assert figure.caption.endswith("Scored under workers who play exact best responses.")


def test_a_counterfactual_names_its_followers(run: Run) -> None:
    assert counterfactual(run, ["planner=free_market"], episodes=1).workers == "workers who play exact best responses"
    own = counterfactual(run, ["planner=free_market"], episodes=1, followers="own")
    assert own.workers == "the scenario's own workers (fixed_hours)"
