"""One process at a time works on a run: the folder is created exclusively and locked until the process ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Barrier, Thread

import pandas as pd
import pytest

from econsim.errors import UserError
from econsim.runs import execute, open_run, resume
from econsim.runs import folder as run_folder
from econsim.runs.certificate import certify
from econsim.runs.folder import create_run, new_run
from econsim.runs.incentive_audit import audit
from econsim.scenario import Scenario, load
from econsim.storage.locks import locked

Make = Callable[..., Scenario]
AT_ONCE = 4
SHORT = {"training": None, "planner": {"kind": "flat"}, "agents": {"worker": {"kind": "best_response"}}, "seeds": 1}


def at_once(work: Callable[[int], None]) -> None:
    """Do the work in several threads that start together."""
    barrier = Barrier(AT_ONCE)

    def begin(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [Thread(target=begin, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_runs_that_start_together_have_folders_of_their_own(
    scenario: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scenarios = [scenario(seed=seed) for seed in range(AT_ONCE)]
    folders: dict[int, Path] = {}
    at_once(lambda number: folders.update({number: create_run(scenarios[number], None, "cpu").path}))
    assert len(set(folders.values())) == AT_ONCE
    assert {seed: open_run(folder).scenario.seed for seed, folder in folders.items()} == dict(enumerate(range(AT_ONCE)))


def test_one_of_several_processes_gets_the_folder_that_all_of_them_name(scenario: Make, tmp_path: Path) -> None:
    scenarios = [scenario(seed=seed) for seed in range(AT_ONCE)]
    winners, errors, all_tried = [], [], Barrier(AT_ONCE)

    def start(number: int) -> None:
        try:
            with new_run(scenarios[number], tmp_path / "run", "cpu"):
                winners.append(number)
                all_tried.wait()
        except UserError as error:
            errors.append(str(error))
            all_tried.wait()

    at_once(start)
    assert open_run(tmp_path / "run").scenario.seed == winners[0]
    assert len(winners) == 1
    assert len(errors) == AT_ONCE - 1
    for error in errors:
        assert "another process is using this folder" in error or "this folder is not empty" in error


def test_a_live_run_can_be_read_but_not_resumed_and_a_killed_one_can(scenario: Make, tmp_path: Path) -> None:
    made, path = scenario(training={"kind": "walk", "steps": 60}, seeds=1), tmp_path / "r"
    child = os.fork()
    if not child:
        with suppress(BaseException):
            execute(made, path, quiet=True)
        os._exit(0)
    try:
        while not list(path.glob("checkpoints/*/step-*/state.json")):
            time.sleep(0.01)
        os.kill(child, signal.SIGSTOP)  # it is alive, in the middle of its training
        with pytest.raises(UserError, match=rf"r: another process is using this folder \(process {child}\)"):
            resume(path, quiet=True)
        live = open_run(path)
        assert live.scenario == made
        assert not live.finished
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    whole = execute(made, tmp_path / "whole" / "r", quiet=True)
    pd.testing.assert_frame_equal(resume(path, quiet=True).metrics, whole.metrics, check_exact=True)


def test_certificates_and_audits_wait_for_no_other_process(scenario: Make, tmp_path: Path) -> None:
    run = execute(scenario(**SHORT), tmp_path / "run", quiet=True)
    with locked(run.path), pytest.raises(UserError, match="run: another process is using this folder"):
        certify(run, quiet=True)
    folder = tmp_path / "audit"
    folder.mkdir()
    subject = load("one_step", {"economy.workers": 3, "agents.worker": "best_response"})
    with locked(folder), pytest.raises(UserError, match="audit: another process is using this folder"):
        audit(subject, folder)
    assert (folder / "audit.json").exists() is False
    assert audit(subject, folder)["people"] == 3


def test_a_finished_run_in_a_folder_that_cannot_be_written_is_returned(scenario: Make, tmp_path: Path) -> None:
    run = execute(scenario(**SHORT), tmp_path / "run", quiet=True)
    (run.path / "lock").unlink()
    (run.path / "lock").mkdir()  # a lock that no process can take
    assert resume(run.path, quiet=True).finished


def test_a_run_that_is_interrupted_while_it_begins_can_begin_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "describe_environment", interrupted)
        with pytest.raises(KeyboardInterrupt):
            create_run(load("matching_pennies"), tmp_path / "run", "cpu")
    assert create_run(load("matching_pennies"), tmp_path / "run", "cpu").environment["device"] == "cpu"
