"""Checkpoints by time: an interrupted first phase is kept, is said to be kept, and continues to the same numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from econsim.rl.checkpoint_schedule import CheckpointSchedule
from econsim.runs import RunInterrupted, execute, resume
from econsim.runs.recorder import StageRecorder
from econsim.scenario import load

SCENARIO = """
econsim: 1
name: slow
economy: {{kind: one_step, workers: 3}}
agents: {{worker: {{kind: ppo, hidden: [8]}}}}
planner: {{kind: ppo, hidden: [8]}}
training: {{{training}, checkpoint_every: 1000, checkpoint_minutes: {minutes}}}
seeds: {at_once}
seeds_at_once: {at_once}
"""
PPO = "kind: ppo, iterations: 4, copies: 4"
TWO_LEVEL = "kind: two_level, warm_up: 2, iterations: 2, copies: 4, leader_copies: 4"


def test_a_checkpoint_is_due_after_enough_iterations_or_minutes() -> None:
    now = 0.0
    schedule = CheckpointSchedule(every=10, minutes=5.0, clock=lambda: now)
    due = []
    for done in range(1, 31):
        now += 1.0 if done < 12 else 120.0  # seconds of an iteration
        due += [done] if schedule.is_due(done) else []
    assert due == [10, 14, 17, 20, 23, 26, 29, 30]
    assert [CheckpointSchedule(1000, 0.0).is_due(done) for done in (1, 2, 3)] == [True, True, True]


@pytest.mark.parametrize(("training", "at_once"), [(PPO, 1), (PPO, 2), (TWO_LEVEL, 1)])
def test_interrupted_in_its_first_phase_a_run_continues_to_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, training: str, at_once: int
) -> None:
    def scenario(minutes: float) -> Path:
        path = tmp_path / f"slow-{minutes}.yaml"
        path.write_text(SCENARIO.format(training=training, at_once=at_once, minutes=minutes))
        return path

    whole = execute(load(scenario(5.0)), tmp_path / "whole" / "run", quiet=True)
    progress = StageRecorder.progress

    def interrupted(self: StageRecorder, done: int, total: int, message: str = "") -> None:
        if done == 4:
            raise KeyboardInterrupt
        progress(self, done, total, message)

    with monkeypatch.context() as patch:
        patch.setattr(StageRecorder, "progress", interrupted)
        stored = rf"0 of {at_once} fits are stored, and the next one up to step 3, as of \d\d:\d\d:\d\d \(\d:\d\d ago\)"
        with pytest.raises(RunInterrupted, match=f"stopped; {stored}; continue with"):
            execute(load(scenario(0.0)), tmp_path / "cut" / "run", quiet=True)
    started_at: list[int] = []
    restore = StageRecorder.restore

    def restored(self: StageRecorder) -> object:
        stored = restore(self)
        started_at.append(0 if stored is None else stored[0])
        return stored

    monkeypatch.setattr(StageRecorder, "restore", restored)
    again = resume(tmp_path / "cut" / "run", quiet=True)
    assert started_at[0] == 3
    pd.testing.assert_frame_equal(again.metrics, whole.metrics, check_exact=True)
    pd.testing.assert_frame_equal(again.accounts, whole.accounts, check_exact=True)


def test_a_run_without_fits_shows_the_progress_of_scoring_and_says_that_nothing_was_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "econsim: 1\neconomy: {kind: gather_trade_build, horizon: 20}\n"
        "agents: {worker: {kind: elastic_rule, untaxed_hours: 100}}\nplanner: us_federal\nbaselines: [free_market]\n"
    )
    monkeypatch.setattr("econsim.runs.progress._SECONDS_BETWEEN_LINES", 0.0)
    execute(load(path), tmp_path / "run")
    lines = [line for line in capsys.readouterr().out.splitlines() if "scoring of policies" in line]
    assert "scoring of policies: 1 of 42, measuring the speed" in lines
    assert "scoring of policies: 42 of 42, 0:00 left" in lines

    def stopped(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("econsim.runs.execution.gap_closed", stopped)
    with pytest.raises(RunInterrupted, match="stopped; no fits were needed; continue with"):
        execute(load(path), tmp_path / "stopped", quiet=True)
