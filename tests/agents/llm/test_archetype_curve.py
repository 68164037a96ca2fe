"""``econsim archetypes``: error and cost by the number of archetypes, over a real HTTP server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.errors import UserError
from econsim.report.llm_usage import llm_usage
from econsim.runs import execute
from econsim.runs.archetype_curve import archetype_curve, curve_figure
from econsim.scenario import Scenario, load
from econsim.testing.endpoints import Faults, Scripted, serve

SMALL: dict[str, Any] = {
    "economy.workers": 400,
    "economy.hours_step": None,
    "economy.tax_years": 1,
    "economy.steps_per_tax_year": 1,
    "agents.worker": {"kind": "archetypes", "answers": 2},
    "planner": "us_federal",
    "baselines": [],
    "training": None,
    "evaluation": None,
    "headline": None,
}


def scenario(url: str, **changes: Any) -> Scenario:
    return load("one_step", {**SMALL, "llm.base_url": url, "llm.model": Scripted.name, **changes})


def test_more_archetypes_cost_more_and_err_less(tmp_path: Path) -> None:
    arguments = ["archetypes", "one_step", *(f"{key}={json.dumps(value)}" for key, value in SMALL.items())]
    with serve(Scripted()) as url:
        model = [f"llm.base_url={url}", f"llm.model={Scripted.name}"]
        options = [
            "--archetypes",
            "2",
            "--archetypes",
            "40",
            "--shadow",
            "60",
            "--out",
            str(tmp_path),
            "--yes",
            "--quiet",
        ]
        done = CliRunner().invoke(app, [*arguments, *model, *options])
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "archetypes.csv")
    assert table["archetypes"].tolist() == [2, 40]
    assert table["asked"].tolist() == [4, 80]
    assert table["questions"].tolist() == [4 + 60, 80 + 60]
    assert table["failed"].tolist() == [0, 0]
    # The scripted model answers best hours; with two groups errors are those of most of the range of skills.
    assert table["error"][1] < 0.5 * table["error"][0]
    assert (table["low"] < table["error"]).all()
    assert {"archetypes.csv", "archetypes.svg", "archetypes.png", "calls.jsonl"} <= {p.name for p in tmp_path.iterdir()}
    axes = curve_figure(table).axes[0]
    (line,) = [container.lines[0] for container in axes.containers]
    np.testing.assert_allclose(np.asarray(line.get_xydata()), table[["asked", "error"]].to_numpy())
    assert [text.get_text() for text in axes.texts] == ["2", "40"]


def test_replies_that_fail_are_counted(tmp_path: Path) -> None:
    with serve(Scripted(), Faults(garbage=0.3, seed=1)) as url:
        subject = scenario(url, **{"llm.failure_share": 0.9, "llm.retries": 0})
        table = archetype_curve(subject, [10], tmp_path, shadow=40, agreed=True)
    # A question is asked once more: 9 % of 60 fail twice, 5.4; a binomial number is below 1 or above 13 in 0.6 %.
    assert 1 <= table["failed"][0] <= 13


def test_a_run_reports_the_error_of_its_shadow_sample(tmp_path: Path) -> None:
    worker = {"kind": "archetypes", "archetypes": 4, "answers": 2, "shadow": 30}
    with serve(Scripted()) as url:
        run = execute(scenario(url, **{"agents.worker": worker}), tmp_path / "run", quiet=True)
        table = archetype_curve(scenario(url, **{"agents.worker": worker}), [4], tmp_path / "curve", 30, agreed=True)
    shadow = run.summary["llm"]["shadow"]["worker"]
    assert shadow["workers"] == 30
    assert shadow["absolute"] == pytest.approx(table["error"][0])
    usage = llm_usage(run)
    assert usage is not None
    assert f"by {shadow['absolute']:.3g} in absolute value" in usage.note


def test_mistakes(tmp_path: Path) -> None:
    url = "http://127.0.0.1:1/v1"
    for changes, numbers, shadow, message in (
        ({"agents.worker": "best_response"}, [5], 9, "expected one role of kind archetypes, found 0"),
        ({}, [5, 5], 9, "expected different numbers of at least 1"),
        ({}, [], 9, "expected different numbers of at least 1"),
        ({}, [5], 1, "--shadow 1: expected at least 2 workers"),
        ({}, [300], 9, "need 609 players, but the role has 400"),
        ({"planner": "ppo", "training": "two_level"}, [5], 9, "kind ppo must be fitted first"),
    ):
        with pytest.raises(UserError, match=message):
            archetype_curve(scenario(url, **changes), numbers, tmp_path / "out", shadow)
    assert not (tmp_path / "out").exists()
    with pytest.raises(UserError, match=r"set llm\.base_url=URL"):
        archetype_curve(load("one_step", SMALL), [5], tmp_path / "out", 9)
