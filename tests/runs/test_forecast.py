"""The time of a run: measured on its first steps, said before a long run starts, and without effect on its numbers."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from econsim import kinds, random
from econsim.cli.application import app
from econsim.play import play
from econsim.runs import Run, RunInterrupted, execute, resume
from econsim.runs.forecast import measured_time
from econsim.runs.recorder import StageRecorder
from econsim.runs.timing import Stopwatch, TimedError
from econsim.scenario import load
from econsim.scenario.plan import plan_of

SMALL: dict[str, Any] = {
    "economy.workers": 5,
    "agents.worker": "best_response",
    "training": None,
    "planner": {"kind": "search", "method": "cma_es", "starts": 2, "generations": 30},
    "baselines": ["free_market", "saez"],
    "evaluation.ceiling": None,
}


def timed(stopwatch: Stopwatch, total: int) -> int:
    """Report every unit of a fit; return the number of units until the stopwatch ends it."""
    for done in range(total + 1):
        try:
            stopwatch.progress(done, total)
        except TimedError:
            return done
    stopwatch.finish()
    return total


def built(room: str, name: str) -> Any:
    kind = kinds.load(room, name)
    return kind.build(kind.parameters())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return execute(load("one_step", SMALL), tmp_path_factory.mktemp("whole") / "run", quiet=True)


def seconds_each(seconds: float) -> Any:
    now = count()
    return lambda: seconds * next(now)


@pytest.mark.parametrize("total", [20, 40, 1000])
def test_a_small_share_of_a_fit_is_enough(total: int) -> None:
    stopwatch = Stopwatch(patience=1e9, clock=seconds_each(1.0))
    assert timed(stopwatch, total) <= max(3, 0.1 * total)


def test_a_fit_is_extrapolated_from_its_steps_without_the_first() -> None:
    times = iter([0.0, 1.0, 1.0, 91.0, 91.0, 101.0, 101.0, 121.0, 121.0, 131.0, 131.0, 141.0, 141.0])
    stopwatch = Stopwatch(patience=30.0, clock=lambda: next(times))
    assert timed(stopwatch, 100) == 3  # the first step takes 90 seconds, the next ones 10 and 20
    seconds = stopwatch.seconds()
    assert seconds is not None
    assert seconds.mean == pytest.approx(91.0 + 99 * 15.0)
    assert (seconds.low, seconds.high) == pytest.approx((91.0 + 99 * 12.5, 91.0 + 99 * 17.5))


def test_a_fit_whose_steps_are_endless_is_ended_by_the_game() -> None:
    game = load("one_step", SMALL).build_game()
    stopwatch = Stopwatch(patience=1.0, limit=0.0)
    watched = stopwatch.watched(game)
    assert isinstance(watched, type(game))
    agents = {"worker": built("agents", "best_response"), "planner": built("planners", "us_federal")}
    with pytest.raises(TimedError):
        play(watched, agents, random.keys(0, 1))
    assert stopwatch.seconds() is None


def test_every_learner_is_measured_once_and_a_run_without_fits_on_its_scoring() -> None:
    scenario = load("one_step", SMALL)
    expected = measured_time(plan_of(scenario, scenario.build_game()))
    assert [stage.learner for stage, _ in expected.fits] == ["saez", "search"]
    assert all(seconds.low <= seconds.mean <= seconds.high for _, seconds in expected.fits)
    assert all(seconds.done <= 0.1 * seconds.total for _, seconds in expected.fits)
    assert (expected.unknown, expected.scoring) == ((), None)
    rules = load(
        "gather_trade_build", {"economy.horizon": 40, "agents.worker": "elastic_rule", "planner": "us_federal"}
    )
    scoring = measured_time(plan_of(rules, rules.build_game())).scoring
    assert scoring is not None
    assert scoring.done < scoring.total


def test_a_long_run_says_its_time_and_a_short_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], whole: Run
) -> None:
    execute(load("prisoners_dilemma"), tmp_path / "short")
    assert "expected time" not in capsys.readouterr().out
    monkeypatch.setattr("econsim.runs.time_in_words.LONG", 0.0)
    long = execute(load("one_step", SMALL), tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    begun = next(number for number, line in enumerate(lines) if line.startswith("saez: saez"))
    (expected,) = [line for line in lines[:begun] if line.startswith("expected time: ")]
    assert re.search(r"measured on \d+ of 60 units of saez \(1 fit\) and \d+ of 61 units of search", expected)
    assert any(re.match(r"first checkpoint: after about \d+:\d\d; ", line) for line in lines[:begun])
    (shorter,) = [line for line in lines[:begun] if line.startswith("to shorten it: ")]
    # Of the fit that takes longest, which is the search unless the machine is busy while it is measured.
    assert re.search(r"planner\.generations=3 instead of 30|baselines\.saez\.\w+=\d+ instead of \d+", shorter)
    pd.testing.assert_frame_equal(long.metrics, whole.metrics, check_exact=True)
    pd.testing.assert_frame_equal(long.accounts, whole.accounts, check_exact=True)


def test_describe_says_how_long_a_run_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    described = CliRunner().invoke(app, ["describe", "prisoners_dilemma"])
    assert described.exit_code == 0
    assert described.output.splitlines()[-1] == "expected time: less than 30 seconds"
    monkeypatch.setattr("econsim.runs.time_in_words.LONG", 0.0)
    described = CliRunner().invoke(app, ["describe", "matching_pennies"])
    assert "\nexpected time: " in described.output
    assert "measured on the first" in described.output
    asked = CliRunner().invoke(app, ["describe", "llm_economist"])
    assert "expected time: not known, because a run would stop: llm: no language model" in asked.output


def test_an_interrupted_search_says_what_is_stored_and_continues_to_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Run
) -> None:
    scenario, progress = load("one_step", SMALL), StageRecorder.progress

    def stopping(self: StageRecorder, done: int, total: int, message: str = "") -> None:
        if (done, total) == (20, 61):
            raise KeyboardInterrupt
        progress(self, done, total, message)

    for minutes, stored in ((5.0, "nothing yet of the next one"), (0.0, r"up to step \d+, as of \d\d:\d\d:\d\d")):
        folder = tmp_path / str(minutes) / "run"
        with monkeypatch.context() as patch:
            patch.setattr("econsim.rl.checkpoint_schedule.MINUTES", minutes)
            patch.setattr(StageRecorder, "progress", stopping)
            with pytest.raises(RunInterrupted, match=f"1 of 2 fits are stored, and .*{stored}.*econsim resume"):
                execute(scenario, folder, quiet=True)
    again = resume(folder, quiet=True)
    pd.testing.assert_frame_equal(again.metrics, whole.metrics, check_exact=True)
    pd.testing.assert_frame_equal(again.accounts, whole.accounts, check_exact=True)
