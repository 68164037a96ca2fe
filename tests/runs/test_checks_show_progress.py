"""Progress of equilibrium checks, counterfactuals and audits, which ends when their work does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import econsim
from econsim import random
from econsim.agents import fixed_hours
from econsim.analysis.counterfactual import play_points, plays_of_points
from econsim.analysis.equilibrium import exact_deviator, unilateral_gain, unilateral_plays
from econsim.game import Agent
from econsim.planners import flat
from econsim.play import counted
from econsim.runs import Run, execute
from econsim.runs.certificate import DeviationBudget, certify
from econsim.runs.counterfactual import counterfactual
from econsim.runs.incentive_audit import Asked, audit
from econsim.scenario import Scenario, load

Make = Callable[..., Scenario]


class Reports:
    """What a display of progress is told."""

    def __init__(self) -> None:
        self.all: list[tuple[int, int, str]] = []

    def __call__(self, done: int, total: int, message: str = "") -> None:
        self.all.append((done, total, message))

    def check_complete(self) -> None:
        """Check that every unit was reported once, in order."""
        total = self.all[-1][1]
        assert [(done, of) for done, of, _ in self.all] == [(done, total) for done in range(1, total + 1)]


TINY = """
econsim: 1
name: tiny
economy: {kind: one_step, workers: 2, brackets: [0], status_quo: [0.1]}
agents: {worker: {kind: fixed_hours, hours: 40}}
planner: {kind: flat, rate: 0.4}
"""


def players() -> dict[str, Agent]:
    worker = fixed_hours.FixedHours(fixed_hours.Parameters(hours=30.0))
    return {"worker": worker, "planner": flat.Flat(flat.Parameters(rate=0.2))}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(TINY)
    return tmp_path / "tiny.yaml"


@pytest.fixture
def run(scenario: Make, tmp_path: Path) -> Run:
    return execute(scenario(), tmp_path / "run", quiet=True)


def test_every_step_of_a_counterfactual_is_reported_for_each_seed(run: Run) -> None:
    reports = Reports()
    counterfactual(run, ["planner={kind: flat, rate: 0.5}"], followers="own", episodes=2, progress=reports)
    reports.check_complete()
    # The baseline, the reform, the recording of actions and their repetition, of three states each.
    assert [message for *_, message in reports.all] == ["seed 7"] * 12 + ["seed 8"] * 12


def test_baseline_and_reform_in_one_batch_are_counted_as_one_play(tiny: Path) -> None:
    run, reports = execute(load(tiny), tiny.parent / "tiny", quiet=True), Reports()
    counterfactual(run, ["economy.utility.elasticity=0.2"], episodes=2, progress=reports)
    reports.check_complete()
    assert len(reports.all) == 3 * (run.plan.game.horizon + 1)


def test_every_step_of_batches_of_points_is_reported() -> None:
    game, reports = econsim.make("one_step", workers=3), Reports()
    agents, steps = players(), plays_of_points(3, 2, 4) * (game.horizon + 1)
    watch, key = counted(reports, 0, steps, ""), random.keys(3, 2)
    play_points(game, agents, key, {"elasticity": [0.1, 0.2, 0.3]}, most_copies=4, watch=watch)
    reports.check_complete()
    assert steps == 2 * (game.horizon + 1)


def test_every_step_of_a_unilateral_gain_is_reported() -> None:
    game, agents, reports = econsim.make("one_step", workers=3), players(), Reports()
    steps = unilateral_plays(game, "worker", 4) * (game.horizon + 1)
    key, watch = random.keys(3, 4), counted(reports, 0, steps, "best response")
    found = unilateral_gain(game, agents, "worker", exact_deviator(), key, watch=watch)
    reports.check_complete()
    assert len(reports.all) == steps
    assert found == unilateral_gain(game, agents, "worker", exact_deviator(), key)


def test_a_certificate_has_a_stage_for_each_phase_of_its_work(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("econsim.runs.progress._SECONDS_BETWEEN_LINES", 0.0)  # a line at every report
    certify(run, DeviationBudget(episodes=2, iterations=1, announcements=5))
    lines = capsys.readouterr().out.splitlines()
    phases = ["worker, seed 7: best response", "worker, seed 7: training", "worker, seed 7: trained gain",
              "planner, seed 7: search"]  # fmt: skip
    both = [*phases, *(phase.replace("seed 7", "seed 8") for phase in phases)]
    assert [line for line in lines if " of 8)" in line] == [f"{name} ({n} of 8)" for n, name in enumerate(both, 1)]
    # The own episodes, and those in which each worker deviates; for the trained gain also both ways to play.
    done = {line.rpartition(",")[0] for line in lines}
    last = {"best response: 6 of 6", "training: 1 of 1", "trained gain: 18 of 18"}
    assert done >= {f"worker, seed {seed}: {text}" for seed in (7, 8) for text in last}


def test_every_step_of_an_audit_is_reported(tiny: Path) -> None:
    reports = Reports()
    audit(load(tiny), tiny.parent / "audit", Asked((0.1, 0.5)), progress=reports)
    reports.check_complete()
