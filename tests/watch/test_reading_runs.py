"""What the page reads: which runs there are, their metrics while they go on, and what is drawn of them."""

from __future__ import annotations

import base64
import os
import time
from pathlib import Path
from typing import Any

import pytest

from econsim.errors import UserError
from econsim.runs import Run
from econsim.watch import drawing, run_table
from econsim.watch.discovery import (
    FINISHED,
    INACTIVE,
    INACTIVE_AFTER,
    RUNNING,
    find,
    last_log_line,
    signature,
    state_of,
)
from econsim.watch.tail import is_return, measures, training_metrics


def test_runs_in_progress_come_first(folder: Path) -> None:
    found = find(folder)
    assert list(found.runs) == ["live", "done"]
    assert [state_of(Run(path)) for path in found.runs.values()] == [RUNNING, FINISHED]
    assert last_log_line(Run(folder / "live")) == "trained: walk, seed 7: 3 of 9, 0:20 left"


def test_a_run_alone_can_be_watched_and_a_name_is_never_a_path(folder: Path) -> None:
    assert list(find(folder / "done").runs) == ["done"]
    assert find(folder).run("../runs/done") is None
    with pytest.raises(UserError, match="no such folder"):
        find(folder / "nothing")


def test_a_run_without_a_sign_of_life_is_quiet(folder: Path, tmp_path: Path) -> None:
    run = Run(tmp_path)
    (tmp_path / "log.txt").write_text("")
    before = signature(run)
    long_ago = time.time() - INACTIVE_AFTER - 1
    os.utime(tmp_path / "log.txt", (long_ago, long_ago))
    assert state_of(run) == INACTIVE
    assert signature(run) != before


def test_metrics_can_be_read_while_a_run_goes_on(folder: Path) -> None:
    live = Run(folder / "live")
    assert measures(live) == ["training/return, planner"]
    assert list(training_metrics(live)["name"].value_counts()) == [3, 3]
    plot = drawing.learning({"live": live}, "training/return, planner")
    assert plot is not None
    assert plot["data"][0]["y"] == [0.0, 1.0, 2.0]


def test_scores_are_no_part_of_training(folder: Path) -> None:
    assert "welfare" not in measures(Run(folder / "done"))


def test_several_runs_are_drawn_under_their_names(folder: Path) -> None:
    runs = {name: Run(folder / name) for name in ("live", "done")}
    shared = set(measures(runs["live"])) & set(measures(runs["done"]))
    for measure in shared or {measures(runs["live"])[0]}:
        plot = drawing.learning(runs, measure)
        assert plot is not None
        assert {str(trace["name"]).partition(":")[0] for trace in plot["data"]} <= set(runs)


def test_schedules_are_those_of_the_summary(folder: Path, summary: dict[str, Any]) -> None:
    plot = drawing.schedules({"done": Run(folder / "done")})
    assert plot is not None
    own = summary["policies"]["trained"]["rates"]
    assert plot["data"][-1]["y"] == pytest.approx([100 * own[0]] * 2)
    assert drawing.schedules({"live": Run(folder / "live")}) is None


def test_rates_are_followed_over_training_or_over_tax_periods(folder: Path) -> None:
    trained = drawing.schedules_over_time(Run(folder / "live"))
    played = drawing.schedules_over_time(Run(folder / "done"))
    assert trained is not None
    assert played is not None
    assert trained["data"][0]["name"] == "bracket 1"
    assert trained["data"][0]["y"] == pytest.approx([0.0, 10.0, 20.0])
    assert {trace["name"]: trace["y"] for trace in played["data"]} == {
        "from 0": pytest.approx([10.0, 50.0]),
        "from 10": pytest.approx([70.0, 50.0]),
    }


def test_an_episode_is_shown_moment_by_moment(folder: Path) -> None:
    replay = drawing.replay_of(Run(folder / "done"), "trained")
    assert replay is not None
    assert len(replay) == 5
    pictures = [replay.frame(time) for time in range(5)]
    assert base64.b64decode(pictures[0].partition(",")[2]).startswith(b"\x89PNG")
    # Nobody moves before the third step.
    assert pictures[0] == pictures[2] != pictures[3]
    assert drawing.replay_of(Run(folder / "done"), "half") is None
    assert drawing.replay_of(Run(folder / "live"), "trained") is None


def test_results_have_a_row_a_policy_and_response(folder: Path, summary: dict[str, Any]) -> None:
    columns, rows = run_table.results({name: Run(folder / name) for name in ("done", "live")})
    field = {column["headerName"]: column["field"] for column in columns}
    own = next(row for row in rows if row[field["policy"]] == "trained" and row[field["response"]] == "exact")
    assert own[field["welfare"]] == summary["policies"]["trained"]["exact"]["welfare"]
    assert rows[-1][field["state"]] == RUNNING
    filters = {column["headerName"]: column["filter"] for column in columns}
    assert (filters["policy"], filters["welfare"]) == ("agTextColumnFilter", "agNumberColumnFilter")
    units = {column["headerName"]: column.get("headerTooltip") for column in columns}
    assert (units["mean income"], units["policy"]) == ("Mean income, apples", None)


def test_the_main_metric_is_the_first_column_after_the_policy(folder: Path) -> None:
    columns, _ = run_table.results({"done": Run(folder / "done")})
    assert [column["headerName"] for column in columns][:3] == ["policy", "welfare", "response"]
    columns, _ = run_table.results({name: Run(folder / name) for name in ("live", "done")})
    assert [column["headerName"] for column in columns][:4] == ["run", "policy", "welfare", "response"]


def test_returns_are_told_from_other_measures() -> None:
    names = ["audit/exact_return, planner", "training/return, worker", "play/welfare", "saez/largest_change"]
    assert [is_return(name) for name in names] == [True, True, False, False]


def test_results_of_a_finished_run_are_a_figure(folder: Path, summary: dict[str, Any]) -> None:
    plot = drawing.outcome({"done": Run(folder / "done")})
    assert plot is not None
    (dots,) = plot["data"]
    assert dots["y"] == ["half", "trained"]
    assert dots["x"] == [policy["exact"]["welfare"] for policy in summary["policies"].values()]
    assert "elfare" in plot["layout"]["xaxis"]["title"]["text"]
    assert drawing.outcome({"live": Run(folder / "live")}) is None
