from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from econsim.errors import RunError, UserError
from econsim.runs import Run, RunInterrupted, execute, open_run, resume
from econsim.runs.recorder import StageRecorder
from econsim.scenario import Scenario

Make = Callable[..., Scenario]


def tables(run: Run) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    fresh = open_run(run.path)
    return fresh.metrics, fresh.accounts, fresh.summary


def assert_same(run: Run, reference: Run) -> None:
    for table, expected in zip(tables(run)[:2], tables(reference)[:2], strict=True):
        pd.testing.assert_frame_equal(table, expected, check_exact=True)
    assert (run.path / "summary.json").read_bytes() == (reference.path / "summary.json").read_bytes()
    assert not (run.path / "metrics.parts").exists()


@pytest.fixture
def finished(scenario: Make, tmp_path: Path) -> Run:
    return execute(scenario(), tmp_path / "whole" / "run", quiet=True)


def test_a_run_scores_every_policy_under_both_responses(finished: Run) -> None:
    policies = finished.summary["policies"]
    assert list(policies) == ["free", "half", "best", "trained"]
    assert finished.summary["responses"] == ["exact", "learned"]
    # Effort 1 - t = 1/2, least able (v = 1): (1/2)(1/2) - 1/8, and a rebate of 1/2 * 1/2 * mean skill 3.
    assert policies["half"]["exact"]["welfare"] == pytest.approx(0.125 + 0.75, abs=1e-12)
    assert policies["half"]["exact"]["mean_hours"] == pytest.approx(20.0, abs=1e-12)
    assert policies["half"]["exact"]["revenue"] == pytest.approx(0.25 * 15, abs=1e-12)
    assert policies["half"]["rates"] == [0.5]
    # The least able gain (1 - t)^2 / 2 + 3 t (1 - t), best on the grid of tenths at t = 0.4.
    assert policies["best"]["rates"] == [0.4]
    assert policies["free"]["exact"]["gap_closed"] == 0.0
    assert policies["best"]["exact"]["gap_closed"] == 1.0
    assert policies["best"]["learned"]["mean_hours"] < policies["best"]["exact"]["mean_hours"]


def test_training_seeds_give_an_interval(finished: Run) -> None:
    trained = finished.summary["policies"]["trained"]
    assert list(trained["seeds"]) == ["7", "8"]
    values = [trained["seeds"][seed]["exact"]["welfare"] for seed in ("7", "8")]
    assert values[0] != values[1]
    assert trained["exact"]["welfare"] == pytest.approx(sum(values) / 2, abs=1e-15)
    interval = trained["intervals"]["exact"]["welfare"]
    assert interval["low"] < min(values) < max(values) < interval["high"]
    assert interval["count"] == 2


def test_warnings_of_game_and_learner_are_kept_once(finished: Run) -> None:
    assert finished.summary["warnings"] == ["apples are not money", "the grid is coarse"]


def test_tables_have_the_promised_columns(finished: Run) -> None:
    metrics, accounts = finished.metrics, finished.accounts
    assert list(metrics.columns) == ["run", "policy", "response", "seed", "role", "step", "name", "value"]
    assert list(accounts.columns[:4]) == ["policy", "response", "seed", "player"]
    assert {"income", "tax", "rebate", "utility", "hours"} <= set(accounts.columns)
    curve = metrics[(metrics["policy"] == "trained") & (metrics["name"] == "training/return") & (metrics["seed"] == 8)]
    assert curve["step"].tolist() == [0, 1, 2, 3, 4]


def test_the_environment_names_versions_and_no_place(finished: Run) -> None:
    environment = finished.environment
    assert environment["versions"]["torch"] == torch.__version__.split("+")[0] or environment["versions"]["torch"]
    assert environment["device"] in ("cpu", "cuda")
    text = (finished.path / "environment.json").read_text()
    assert os.uname().nodename not in text
    assert str(Path.home()) + "/" not in text


def test_fitted_agents_come_back(finished: Run) -> None:
    rate = finished.agents["planner"].state_dict()["rate"]  # type: ignore[attr-defined]
    assert [rate.item()] == finished.summary["policies"]["trained"]["seeds"]["7"]["rates"]


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(
    finished: Run, scenario: Make, tmp_path: Path
) -> None:
    assert_same(execute(scenario(), tmp_path / "again" / "run", quiet=True), finished)
    other = execute(scenario(seed=1), tmp_path / "other", quiet=True)
    assert other.scenario.seed == 1
    assert list(other.summary["policies"]["trained"]["seeds"]) == ["1", "2"]


class Killed(BaseException):
    """The process is gone: nothing is cleaned up after it."""


def kill_at(moment: int, patch: pytest.MonkeyPatch) -> None:
    """Let the ``moment``-th rename, and with it everything after, not happen."""
    rename, count = os.replace, 0

    def replace(source: Any, target: Any) -> None:
        nonlocal count
        count += 1
        if count == moment:
            patch.setattr(Path, "unlink", lambda *_, **__: None)
            patch.setattr(shutil, "rmtree", lambda *_, **__: None)
            raise Killed
        rename(source, target)

    patch.setattr(os, "replace", replace)


def test_killed_at_any_write_and_resumed_gives_the_same_run(scenario: Make, tmp_path: Path) -> None:
    finished = execute(scenario(seeds=1), tmp_path / "whole" / "run", quiet=True)
    moment, survived = 5, False
    while not survived:
        path = tmp_path / f"killed-{moment}" / "run"
        with pytest.MonkeyPatch.context() as patch:
            kill_at(moment, patch)
            try:
                execute(scenario(seeds=1), path, quiet=True)
                survived = True
            except Killed:
                pass
        assert_same(resume(path, quiet=True), finished)
        moment += 1
    # From the fifth rename (scenario and environment are there, each after its checksum) over parts, checkpoints and
    # fits to the summary.
    assert moment > 20


def test_killed_twice_between_checkpoints_gives_the_same_run(
    finished: Run, scenario: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "twice" / "run"
    log = StageRecorder.log
    for stop in (4, 3):

        def stopping(
            self: StageRecorder, name: str, value: float, *, step: int, role: str = "", at: int = stop
        ) -> None:
            if name == "training/return" and step == at:
                raise KeyboardInterrupt
            log(self, name, value, step=step, role=role)

        monkeypatch.setattr(StageRecorder, "log", stopping)
        with pytest.raises(RunInterrupted) as caught:
            execute(scenario(), path, quiet=True) if stop == 4 else resume(path, quiet=True)
        assert caught.value.path == path
    monkeypatch.setattr(StageRecorder, "log", log)
    assert_same(resume(path, quiet=True), finished)


def test_a_full_disk_leaves_a_run_that_resumes(finished: Run, scenario: Make, tmp_path: Path) -> None:
    path, calls = tmp_path / "full" / "run", 0

    def fsync(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 20:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(RunError, match="no space left"):
            execute(scenario(), path, quiet=True)
    assert not list(path.rglob("*.partial"))
    assert_same(resume(path, quiet=True), finished)


def test_an_occupied_folder_is_not_touched(scenario: Make, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match=r"mine: this folder is not empty.*--out.*econsim resume"):
        execute(scenario(), tmp_path / "mine", quiet=True)
    assert os.listdir(tmp_path / "mine") == ["thesis.txt"]


def test_by_default_a_run_is_named_after_scenario_and_time(
    scenario: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scenario(training=None, planner={"kind": "flat"}, agents={"worker": {"kind": "best_response"}})
    monkeypatch.chdir(tmp_path)
    run = execute(made, quiet=True)
    assert run.path.parent == Path("runs")
    assert pd.Timestamp(run.name.removeprefix("orchard-").replace("-", "T"))
    assert run.summary["responses"] == ["exact"]


def test_agents_that_nothing_trains_are_refused_before_anything_is_written(scenario: Make, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\(worker, planner\) and no training; set training=walk, or"):
        execute(scenario(training=None), tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_agents_that_cannot_play_are_refused_before_anything_is_written(scenario: Make, tmp_path: Path) -> None:
    impossible = {"kind": "fixed", "rates": [0.1, 0.2]}
    with pytest.raises(UserError, match=r"baselines\.two\.rates"):
        execute(
            scenario(baselines={"free": {"kind": "free_market"}, "two": impossible}, evaluation=None), tmp_path / "run"
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("device", "reason"), [("gpu", "expected auto, cpu or cuda"), ("cuda:99", "CUDA devices")])
def test_devices_that_are_not_there_are_refused(scenario: Make, tmp_path: Path, device: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        execute(scenario(), tmp_path / "run", device=device, quiet=True)


def test_no_threads_are_refused(scenario: Make, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--threads 0"):
        execute(scenario(), tmp_path / "run", threads=0, quiet=True)


def test_threads_are_part_of_the_run_and_given_back(scenario: Make, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    run = execute(scenario(training=None, planner=None, agents={}), tmp_path / "run", threads=2, quiet=True)
    assert run.environment["threads"] == 2
    assert torch.get_num_threads() == before


def test_resuming_a_finished_run_changes_nothing(finished: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.path.rglob("*")}
    assert resume(finished.path, quiet=True).path == finished.path
    assert {path: path.stat().st_mtime_ns for path in finished.path.rglob("*")} == before


def test_the_end_is_told_with_a_table_and_the_places(
    scenario: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = execute(scenario(), tmp_path / "run")
    told = capsys.readouterr().out
    for words in ("policy", "gap closed", "mean hours", "trained", "warning: apples", str(run.path)):
        assert words in told.replace("\n", "") or words in told
