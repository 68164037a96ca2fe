"""``econsim counterfactual`` on a tiny run, in a process of its own."""

from __future__ import annotations

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
economy: {kind: one_step, workers: 20, hours_step: null, redraw_population: true}
agents: {worker: best_response}
planner: {kind: flat, rate: 0.4}
"""


def test_what_a_reform_changes_is_printed_and_written(
    econsim_command: Econsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("econsim.report.figures._CAPTIONS", ())  # drawing takes seconds
    (tmp_path / "tiny.yaml").write_text(SCENARIO)
    execute(load(tmp_path / "tiny.yaml"), tmp_path / "run", quiet=True)

    done = econsim_command("counterfactual", "run", "planner=free_market", "--episodes", "4", "--out", "tables")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    # Hours are 60 (1 - t)^0.4, and the same everywhere, so that they have no interval.
    assert ["Mean", "hours,", "hours", "per", "week", "48.91", "60", "11.09"] in lines
    assert ["Mean", "hours,", "hours", "per", "week", "0", "11.09", "11.09"] in lines
    assert "95 % confidence interval of the difference" in done.stdout
    assert "winners" in done.stdout
    assert "…" not in done.stdout  # numbers are never cut off
    header = (tmp_path / "tables" / "effects.csv").read_text().splitlines()[0]
    assert (
        header == "metric,title,unit,baseline,reform,difference,low,high,interval,times_smaller,mechanical,behavioural"
    )
    assert len((tmp_path / "tables" / "deciles.csv").read_text().splitlines()) == 12

    report = ("--report", "--out", "report", "--episodes", "2")
    done = econsim_command("counterfactual", "run", "planner=free_market", *report)
    assert done.returncode == 0, done.stderr
    assert "winners" in done.stdout
    assert done.stdout.splitlines()[-1] == "report/report.html"
    assert "What does the reform planner=free_market change" in (tmp_path / "report" / "report.html").read_text()
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"report.html", "figures", "tables"}
    done = econsim_command("counterfactual", "run", "planner=free_market", *report)
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert "mean" not in done.stdout  # refused before anything is played

    done = econsim_command("counterfactual", "run", "planner=fre_market", "--report")
    assert not (tmp_path / "run" / "reforms").exists()
    assert done.returncode == 2
    assert "did you mean free_market" in done.stderr
    assert "Traceback" not in done.stderr
