"""``econsim equilibrium`` and ``econsim evaluate`` on a tiny run, each in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from econsim.runs import execute
from econsim.scenario import load

Econsim = Callable[..., CompletedProcess[str]]

SCENARIO = """
econsim: 1
name: tiny
economy: {kind: one_step, workers: 6, brackets: [0, 90000], status_quo: [0.1, 0.3]}
agents: {worker: {kind: fixed_hours, hours: 40}}
planner: {kind: flat, rate: 0.4}
baselines: [free_market]
evaluation: {floor: free_market, ceiling: flat}
"""
MISTAKES = {
    ("equilibrium", "run", "--role", "workr"): "--role workr: no such role in this run (did you mean worker?)",
    ("evaluate", "run", "--csv", "nowhere/table.csv"): "--csv nowhere/table.csv: there is no folder nowhere",
}


def test_a_run_gets_a_certificate_and_a_cross_table(
    econsim_command: Econsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("econsim.report.figures._CAPTIONS", ())  # drawing takes seconds
    (tmp_path / "tiny.yaml").write_text(SCENARIO)
    execute(load(tmp_path / "tiny.yaml"), tmp_path / "run", quiet=True)

    done = econsim_command("equilibrium", "run", "--iterations", "2", "--search-budget", "40", "--episodes", "2")
    assert done.returncode == 0, done.stderr
    for words in ("exact best response", "trained deviation", "leader action", "lower bound on the true gain"):
        assert words in " ".join(done.stdout.split())
    found = {it["method"]: it for it in json.loads((tmp_path / "run" / "certificate.json").read_text())["findings"]}
    # The table is wider than 80 characters, and no number is cut off.
    row = next(line for line in done.stdout.splitlines() if line.startswith("planner  "))
    assert row.endswith(f"{found['search']['share_of_gap']:.1%}")
    # Net of a flat tax of 0.4 the best hours are 60 * 0.6^0.4; work costs (60 v / 3.5) (l / 60)^3.5.
    best, cost = 60 * 0.6**0.4, 60 / 3.5
    worth = {hours: (0.6 * hours - cost * (hours / 60) ** 3.5) / 40 for hours in (40.0, best)}
    assert found["exact"]["difference"] == pytest.approx(worth[best] - worth[40.0], abs=1e-12)
    assert "Distance from equilibrium" in (tmp_path / "run" / "report.html").read_text()

    done = econsim_command("evaluate", "run", "--episodes", "2", "--csv", "table.csv")
    assert done.returncode == 0, done.stderr
    assert "scenario's workers" in done.stdout
    lines = (tmp_path / "table.csv").read_text().splitlines()
    assert lines[0].startswith("planner,workers,metric,mean,low,high,interval,episodes,difference,")
    assert "welfare: mean over 2 episodes (no interval: all values are equal)" in done.stdout
    assert "difference from free_market with the same workers, paired by episode" in done.stdout
    assert len(lines) == 1 + 2 * 2

    for arguments, message in MISTAKES.items():
        done = econsim_command(*arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr
