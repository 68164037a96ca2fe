"""The report says which policy is best, with ties, and what its texts say holds for the run's own settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import econsim
from econsim.report.ranking import answer, ranking_in_words
from econsim.report.reported_run import ReportedRun
from econsim.report.tables import tables_of

SMALL: Mapping[str, Any] = {
    "economy.workers": 30,
    "economy.population": {"kind": "gb2"},
    "economy.redraw_population": True,
    "agents.worker": "best_response",
    "training": None,
    "evaluation": {"workers": "best_response", "floor": "free_market", "ceiling": "flat"},
    "baselines": ["free_market", "flat"],
    "planner": {"kind": "flat", "rate": 0.3, "label": "same"},
    "episodes": 12,
}


@pytest.fixture(scope="module")
def economy(tmp_path_factory: pytest.TempPathFactory) -> ReportedRun:
    """Two flat taxes that differ by a ten-thousandth, and none, in twelve draws of people."""
    same = {"baselines.flat.rate": 0.3}
    out = tmp_path_factory.mktemp("ranking") / "run"
    return econsim.run("one_step", out=out, quiet=True, report=False, **{**SMALL, **same})


def test_the_best_policy_is_named_with_its_ties(run: ReportedRun) -> None:
    entries = run.summary["ranking"]
    values = {label: policy["exact"]["welfare"] for label, policy in run.summary["policies"].items()}
    assert [entry["policy"] for entry in entries] == sorted(values, key=lambda label: -values[label])
    assert entries[-1]["behind"] == pytest.approx(max(values.values()) - values["free"])
    assert answer(run.summary).startswith("half, best and trained give the highest welfare")
    assert answer(run.summary).endswith("Next is free, 4.75 lower.")
    page = run.report(interactive=False).read_text("utf-8")
    assert page.index(answer(run.summary)) < page.index("Ranking of the policies") < page.index("Caveats")


def test_policies_within_the_paired_interval_are_tied(economy: ReportedRun) -> None:
    ranks = {entry["policy"]: entry["rank"] for entry in economy.summary["ranking"]}
    assert ranks == {"flat": 1, "same": 1, "free_market": 3}
    tied = [entry["tied_with"] for entry in economy.summary["ranking"] if entry["rank"] == 1]
    assert sorted(map(str, tied)) in (["None", "flat"], ["None", "same"])
    last = economy.summary["ranking"][-1]
    assert 0 < last["low"] < last["behind"] < last["high"]
    assert (last["count"], last["over"]) == (12, "episodes")
    assert "give the same welfare" in answer(economy.summary)
    table = ranking_in_words(economy.summary)
    assert table is not None
    assert [row[0].split()[0] for row in table.rows] == ["1.", "1.", "3."]
    assert table.own == "1. same"
    written = tables_of(economy)["ranking"]
    assert list(written["rank"]) == [1, 1, 3]
    assert {"behind", "behind_low", "behind_high", "behind_interval"} <= {*written}


def test_a_changed_run_does_not_fail_the_headline_nor_repeat_the_description(economy: ReportedRun) -> None:
    headline = economy.summary["headline"]
    assert not headline["passed"]
    assert "economy.workers" in headline["not_applicable"]
    assert headline["not_applicable"].endswith(" other keys were changed")
    assert economy.summary["description"].startswith("A variant of the scenario one_step, with economy.workers=30, ")
    page = economy.report(interactive=False).read_text("utf-8")
    assert "NOT reproduced" not in page
    assert "not applicable, since" in page
    assert "US incomes and federal brackets" not in page
    # The calibration states the default elasticity and says so.
    assert page.index("The defaults of the economy; values of this run") < page.index("elasticity of 0.4")
    log = (economy.path / "log.txt").read_text("utf-8")
    assert "NOT reproduced" not in log
    assert "not applicable, since" in log


def test_a_run_that_is_repeated_from_its_folder_remembers_the_changes(economy: ReportedRun) -> None:
    again = econsim.load(economy.path / "scenario.yaml")
    assert again.changed == economy.scenario.changed
    assert again == economy.scenario


def test_two_welfare_functions_are_never_one_metric(economy: ReportedRun, tmp_path: Path) -> None:
    from econsim.report import write_comparison
    from econsim.runs import compare

    other = econsim.run(
        "one_step", out=tmp_path / "other", quiet=True, report=False, **{**SMALL, "economy.welfare": "rawlsian"}
    )
    table = compare([economy.path, other.path])
    assert {*table["metric"]} == {
        "welfare (inverse income)", "welfare (rawlsian)",
        "gap_closed (inverse income)", "gap_closed (rawlsian)", "mean_hours",
    }  # fmt: skip
    for metric, column in (("welfare (inverse income)", str(other.path)), ("welfare (rawlsian)", str(economy.path))):
        assert table.loc[table["metric"] == metric, column].isna().all()
    page = tmp_path / "both.html"
    write_comparison([economy.path, other.path], page)
    text = page.read_text("utf-8")
    assert "Welfare (inverse income)" in text
    assert "Welfare (rawlsian)" in text
