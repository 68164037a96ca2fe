"""A network fitted to an agent's choices answers new schedules as the agent would, and says how well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from memory_recorder import Interrupted, MemoryRecorder
from scripted_minds import Scripted, economy, flat, work

from econsim.agents import ppo
from econsim.agents.imitation import Imitation, Parameters
from econsim.economies.one_step import OneStep
from econsim.errors import UserError
from econsim.llm.protocols import UsesLlm
from econsim.rl import checkpoint_schedule
from econsim.runs import execute
from econsim.scenario import load
from econsim.training import imitation as learner
from econsim.training.curriculum import Curriculum
from econsim.training.curriculum import Parameters as Phases
from econsim.training.imitation import Imitation as Learner


def fitted(game: OneStep, seed: int = 1, service: Any = None, **parameters: Any) -> Imitation:
    made = Imitation(Parameters.model_validate(parameters))
    if service is not None:
        made.connect(service)
    learner.Imitation(learner.Parameters()).fit(game, {"worker": made}, seed, MemoryRecorder())  # type: ignore[dict-item]
    return made


def hours(game: OneStep, worker: Any, rate: float) -> torch.Tensor:
    found: torch.Tensor = work(game, worker, 2, lambda _: flat(game, rate))[-1].hours[0]
    return found


@pytest.fixture(scope="module")
def exact() -> Imitation:
    return fitted(economy(), teacher="best_response", episodes=64)


def test_it_answers_schedules_that_it_never_saw(exact: Imitation) -> None:
    found = exact.fidelity
    assert found["answers"] == 13 * 100
    assert found["explained"] > 0.85
    assert found["absolute_error"] < 0.3 * found["absolute_error_of_mean"]


def test_it_keeps_the_elasticity_of_its_teacher(exact: Imitation) -> None:
    # The teacher's hours have the elasticity 0.4 by construction. Fifty schedules over seven brackets leave the network
    # within a fifth of it under a flat tax, which is none of them; without a response it would be zero.
    game = economy()
    low, high = (hours(game, exact, rate).mean().log() for rate in (0.1, 0.5))
    elasticity = float((high - low) / (torch.tensor(0.5).log() - torch.tensor(0.9).log()))
    assert elasticity == pytest.approx(0.4, abs=0.08)


def test_it_keeps_the_spread_of_choices_and_not_just_their_mean() -> None:
    game = economy(hours_step=5, workers=400)
    teacher = {"kind": "noisy_response", "rationality": 20.0}
    worker = fitted(game, teacher=teacher, episodes=16)
    noisy = Parameters.model_validate({"teacher": teacher}).teacher.build()
    own, taught = hours(game, noisy, 0.4), hours(game, worker, 0.4)
    # Both are 400 draws: the standard error of a ratio of their spreads is 5 %; four of those.
    assert float(taught.std() / own.std()) == pytest.approx(1.0, abs=0.2)
    assert worker.fidelity["distance"] < 0.1


def test_a_model_is_asked_while_it_is_watched_and_never_again() -> None:
    game, service = economy(workers=20), Scripted()
    worker = fitted(game, service=service, teacher="llm", episodes=4, steps=50)
    assert len(service.asked) == worker.forecast(game, game.roles["worker"], 1)[0] == 80
    hours(game, worker, 0.3)
    assert len(service.asked) == 80


def test_only_with_a_teacher_who_asks_a_model_does_it_need_one() -> None:
    assert isinstance(Imitation(Parameters.model_validate({"teacher": "llm"})), UsesLlm)
    assert not isinstance(Imitation(Parameters.model_validate({"teacher": "best_response"})), UsesLlm)


def test_a_fit_is_a_function_of_its_seed_and_can_be_stored() -> None:
    game = economy(workers=20)
    first, again, other = (
        fitted(game, seed, teacher="best_response", episodes=4, steps=20).state_dict() for seed in (1, 1, 2)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["1.weight"], other["1.weight"])
    restored = Imitation(Parameters.model_validate({"teacher": "best_response"}))
    restored.load_state_dict(first)
    loaded = Imitation(Parameters.model_validate({"teacher": "best_response"}))
    loaded.load_state_dict(again)
    assert torch.equal(hours(game, restored, 0.3), hours(game, loaded, 0.3))
    assert restored.fidelity["answers"] == 20


def test_indices_of_a_grid_are_imitated_too() -> None:
    game = economy(hours_step=10, hours_as="index", workers=100)
    worker = fitted(game, teacher="best_response", episodes=16, steps=400)
    assert set(hours(game, worker, 0.3).tolist()) <= {10.0 * step for step in range(11)}


def test_before_a_fit_it_does_not_play() -> None:
    with pytest.raises(UserError, match="imitation has not been fitted"):
        hours(economy(workers=2), Imitation(Parameters.model_validate({"teacher": "best_response"})), 0.3)


def test_a_run_fits_it_and_reports_its_fidelity(tmp_path: Path) -> None:
    overrides = {
        "agents.worker": {"kind": "imitation", "teacher": "best_response", "episodes": 16, "steps": 300},
        "planner": "us_federal",
        "baselines": ["free_market"],
        "training": None,
        "evaluation": {"workers": "best_response", "floor": None, "ceiling": None},
        "headline": None,
    }
    run = execute(load("one_step", overrides), tmp_path / "run", quiet=True)
    found = run.summary["policies"]["us_federal"]
    assert found["scenario"]["mean_hours"] == pytest.approx(found["exact"]["mean_hours"], rel=0.05)
    names = set(run.metrics["name"])
    assert {"imitation/explained", "imitation/absolute_error", "imitation/distance"} <= names


def dilemma(learner: Any, recorder: MemoryRecorder) -> dict[str, torch.Tensor]:
    """Fit both players of the prisoner's dilemma; return all fitted tensors."""
    game = load("prisoners_dilemma").build_game()
    steps = {"steps": 4, "batch": 4, "episodes": 8, "hidden": [4]}
    column = Imitation(Parameters.model_validate({"teacher": "mixed_strategy", **steps}))
    row = Imitation(Parameters.model_validate({"teacher": "mixed_strategy", **steps}))
    agents = {"row": row, "column": column} if isinstance(learner, Learner) else {"row": neural(), "column": column}
    fitted = learner.fit(game, agents, 3, recorder)
    return {f"{role}/{key}": value for role in fitted for key, value in fitted[role].state_dict().items()}


def neural() -> ppo.Ppo:
    return ppo.Ppo(ppo.Parameters(hidden=(4,)))


@pytest.mark.parametrize("stop", [0, 2, 4, 6])  # while a teacher plays, and in the fits of both roles
def test_an_interrupted_fit_continues_to_the_same_bits(monkeypatch: pytest.MonkeyPatch, stop: int) -> None:
    monkeypatch.setattr(checkpoint_schedule, "MINUTES", 0.0)
    imitation = Learner(learner.Parameters())
    expected, cut = dilemma(imitation, MemoryRecorder()), MemoryRecorder(stop_after=stop)
    with pytest.raises(Interrupted):
        dilemma(imitation, cut)
    assert [step for step, _ in cut.checkpoints] == list(range(1, stop + 1))
    cut.stop_after = None
    resumed = dilemma(imitation, cut)
    assert all(torch.equal(resumed[name], expected[name]) for name in expected)


def test_a_curriculum_that_is_interrupted_in_a_later_phase_keeps_the_imitation() -> None:
    phases = [
        {"name": "imitate", "training": "imitation", "agents": {"row": "mixed_strategy"}},
        {"name": "answer", "training": {"kind": "ppo", "iterations": 4, "copies": 2, "checkpoint_every": 1}},
    ]
    phased = Curriculum(Phases.model_validate({"phases": phases}))
    expected, cut = dilemma(phased, MemoryRecorder()), MemoryRecorder(stop_after=7)  # the third iteration of four
    with pytest.raises(Interrupted):
        dilemma(phased, cut)
    cut.stop_after = None
    resumed = dilemma(phased, cut)
    assert resumed.keys() == expected.keys()
    assert all(torch.equal(resumed[name], expected[name]) for name in expected)
