"""What fits cost is noted beside them, and shown in the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from econsim.report import write_report
from econsim.report.content import policy_table
from econsim.runs import Run, execute
from econsim.runs.costs import fit_costs
from econsim.scenario import load


def noted(folder: Path, stage: str, **content: object) -> None:
    place = folder / "checkpoints" / stage
    place.mkdir(parents=True)
    (place / "cost.json").write_text(json.dumps(content))


def test_seeds_are_averaged_and_learners_added_up(tmp_path: Path) -> None:
    noted(tmp_path, "a-seed-1-search", policy="a", seed=1, cpu_seconds=2.0, leader_evaluations=10.0)
    noted(tmp_path, "a-seed-1-ppo", policy="a", seed=1, cpu_seconds=3.0)
    noted(tmp_path, "a-seed-2-ppo", policy="a", seed=2, cpu_seconds=1.0)
    assert fit_costs(Run(tmp_path)) == {"a": {"cpu_seconds": 3.0, "leader_evaluations": 10.0}}


@pytest.mark.usefixtures("undrawn")
def test_a_run_notes_what_it_tried_and_the_report_shows_it(tmp_path: Path) -> None:
    small = {"kind": "hypergradient", "starts": 2, "iterations": 3}
    overrides = {
        "economy.workers": 5,
        "economy.hours_step": None,
        "agents.worker": "best_response",
        "training": None,
        "planner": small,
        "baselines": ["free_market"],
        "evaluation.ceiling": None,
    }
    run = execute(load("one_step", overrides), tmp_path / "run", quiet=True)
    costs = fit_costs(run)["hypergradient"]
    # Looks: 2 starts before the climb and 2 in its one look (3 iterations, one look at the third); gradients: 2 a step,
    # each of one sight and one play. What the check plays comes on top.
    assert costs["leader_evaluations"] >= 2 + 2 + 3 * 2 * 2
    assert costs["cpu_seconds"] > 0
    titles = [group.title for group in policy_table(run.summary, fit_costs(run)).groups]
    assert titles[-2:] == ["CPU seconds to fit", "Leader actions tried"]
    assert "Leader actions tried" in write_report(run).read_text("utf-8")
    assert "cpu_seconds" not in (run.path / "summary.json").read_text("utf-8")
