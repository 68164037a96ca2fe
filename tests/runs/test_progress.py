from __future__ import annotations

from pathlib import Path

import pytest

from econsim.errors import RunError
from econsim.runs.progress import Journal, Progress, Tracker, clock_time


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_left_comes_from_the_measured_speed() -> None:
    clock = Clock()
    tracker = Tracker(["search", "ppo", "ppo"], clock)
    tracker.begin(0)
    tracker.update(0, 10)
    assert tracker.remaining() is None
    clock.now = 4.0
    tracker.update(4, 10)
    # One unit a second, six units to go; what ppo costs was not measured, and it says so.
    assert tracker.remaining() == (6.0, False)
    clock.now = 10.0
    tracker.update(10, 10)
    tracker.end()
    tracker.begin(1)
    tracker.update(0, 5)
    clock.now = 30.0
    tracker.update(1, 5)
    # 20 s a unit: four more here, and five in the second ppo stage.
    assert tracker.remaining() == (4 * 20.0 + 5 * 20.0, True)


def test_stages_of_a_learner_with_other_budgets_are_scaled_by_their_units() -> None:
    clock = Clock()
    tracker = Tracker(["curriculum", "curriculum", "search"], clock, [1000, 400, None])
    tracker.begin(0)
    tracker.update(0, 1000)
    clock.now = 20.0
    tracker.update(10, 1000)
    # Two seconds a unit: 990 more here and 400 in the next stage; what the search costs is not known.
    assert tracker.remaining() == (2.0 * 990 + 2.0 * 400, False)
    assert tracker.share_done() == pytest.approx(20.0 / (2000.0 + 800.0 + 2000.0))


def test_a_resumed_stage_counts_only_what_it_did_itself() -> None:
    clock = Clock()
    tracker = Tracker(["ppo"], clock)
    tracker.begin(0)
    tracker.update(90, 100)
    clock.now = 5.0
    tracker.update(95, 100)
    assert tracker.remaining() == (5.0, True)


def test_the_bar_never_goes_back() -> None:
    clock = Clock()
    tracker = Tracker(["search", "ppo"], clock)
    tracker.begin(0)
    shown = []
    for index, seconds in ((0, 1.0), (1, 100.0)):
        if index:
            tracker.end()
            tracker.begin(index)
        for done in range(11):
            tracker.update(done, 10)
            shown.append(tracker.share_done())
            clock.now += seconds
    assert shown == sorted(shown)
    assert shown[-1] == pytest.approx(1.0)  # rounding of a sum of weights


def test_clock_time() -> None:
    assert [clock_time(seconds) for seconds in (0, 59.6, 61, 3600)] == ["0:00", "1:00", "1:01", "1:00:00"]


def test_without_a_terminal_a_line_every_ten_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Progress(["ppo: seed 1"], ["ppo"], Journal(tmp_path / "log.txt", quiet=False), clock) as progress:
        progress.begin(0)
        for done in range(61):
            progress.update(done, 60)
            clock.now += 1.0
        progress.end()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ppo: seed 1 (1 of 1)"
    assert len(lines) == 1 + 6
    assert lines[1] == "ppo: seed 1: 10 of 60, 0:50 left"
    assert len((tmp_path / "log.txt").read_text().splitlines()) == 7


def test_a_long_run_says_its_forecast_as_soon_as_its_speed_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    names, learners = ["ppo: seed 1", "ppo: seed 2", "two_level: seed 1"], ["ppo", "ppo", "two_level"]
    with Progress(names, learners, Journal(tmp_path / "log.txt", quiet=False), clock) as progress:
        progress.begin(0)
        for done in range(4):
            progress.update(done, 100)
            clock.now += 2.0
    # 2 s a unit: 99 more here and 100 in the second ppo stage; what two_level costs is not known yet.
    expected = "forecast: more than 6:38 left (measured on 1 of 100 units of ppo: seed 1)"
    assert capsys.readouterr().out.splitlines() == ["ppo: seed 1 (1 of 3)", expected]
    assert expected in (tmp_path / "log.txt").read_text()


def test_quiet_runs_write_the_log_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Journal(tmp_path / "log.txt", quiet=True).say("[bold] done")
    assert capsys.readouterr().out == ""
    assert (tmp_path / "log.txt").read_text().endswith(" [bold] done\n")


def test_a_log_that_cannot_be_written_is_a_fault_of_the_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot write"):
        Journal(tmp_path / "nowhere" / "log.txt", quiet=True).note("x")
