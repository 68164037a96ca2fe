"""What a report says of the workers under whom policies are scored: their kind, and ``exact`` only where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from econsim.report import write_report
from econsim.runs import execute
from econsim.scenario import load

SMALL: dict[str, Any] = {
    "economy.workers": 5,
    "economy.population": {"kind": "lognormal"},
    "agents.worker": "elastic_rule",
    "planner": "flat",
    "baselines": ["free_market"],
    "training": "none",
    "headline": "none",
}


@pytest.mark.parametrize(
    ("workers", "label", "words"),
    [
        ("best_response", "exact", "workers who play exact best responses"),
        ("fixed_hours", "evaluation", "workers of kind fixed_hours"),
    ],
)
def test_evaluation_workers_are_named_as_what_they_are(
    workers: str, label: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("econsim.report.figures._CAPTIONS", ())  # drawing takes seconds
    evaluation = {"workers": workers, "floor": "free_market", "ceiling": None}
    run = execute(load("one_step", {**SMALL, "evaluation": evaluation}), tmp_path / "run", quiet=True)
    assert run.summary["responses"] == [label, "scenario"]
    assert run.summary["workers"][label]["words"] == words
    page = write_report(run).read_text()
    assert f"scored under {words}" in page
    assert ("exact best responses" in page) == (label == "exact")
