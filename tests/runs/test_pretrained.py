"""Policy networks that start from the weights of another run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from econsim.errors import UserError
from econsim.runs import Run, execute
from econsim.runs.certificate import DeviationBudget, certify
from econsim.runs.load_agents import agents_of
from econsim.scenario import load
from econsim.storage.states import load_state, save_state

SMALL: dict[str, Any] = {
    "economy.workers": 5,
    "agents.worker": {"kind": "ppo", "hidden": [8]},
    "planner": "free_market",
    "baselines": [],
    "evaluation": None,
    "training": {"kind": "ppo", "iterations": 2, "copies": 8},
    "headline": None,
}


def run_of(folder: Path, **more: Any) -> Run:
    return execute(load("one_step", {**SMALL, **more}), folder, quiet=True)


def weights(run: Run) -> dict[str, torch.Tensor]:
    policy = run.plan.policies[-1]
    agent: Any = agents_of(run, run.plan, policy, policy.seeds[0])["worker"]
    agent.start(run.plan.game, run.plan.game.roles["worker"], 1)
    return dict(agent.state_dict())


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(tmp_path_factory.mktemp("first") / "run")


def test_without_training_they_play_as_the_run_left_them(first: Run, tmp_path: Path) -> None:
    again = run_of(tmp_path / "run", **{"training": None, "agents.worker.weights": str(first.path)})
    # The response is "learned" after training, else "scenario"; the values are the same.
    scores = [run.metrics[run.metrics["response"] != ""][["name", "value"]] for run in (again, first)]
    assert len(scores[0]) > 5
    pd.testing.assert_frame_equal(scores[0].reset_index(drop=True), scores[1].reset_index(drop=True))
    torch.testing.assert_close(weights(again), weights(first), rtol=0, atol=0)


def test_training_goes_on_from_them(first: Run, tmp_path: Path) -> None:
    still = {"training.follower": {"learning_rate": 1e-12}, "training.iterations": 1}
    close = weights(run_of(tmp_path / "still", **{"agents.worker.weights": str(first.path), **still}))
    afresh = weights(run_of(tmp_path / "afresh", **{"seed": 7, **still}))
    for name, value in weights(first).items():
        # One epoch of Adam moves a weight by at most the learning rate in each of a few steps.
        torch.testing.assert_close(close[name], value, rtol=0, atol=1e-6)
    assert any((afresh[name] - value).abs().max() > 1e-3 for name, value in weights(first).items())


def test_deviations_from_them_are_trained_from_new_weights_too(first: Run, tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", **{"training": None, "agents.worker.weights": str(first.path)})
    found = certify(run, DeviationBudget(episodes=2, iterations=2), roles=("worker",), quiet=True)
    assert [finding["method"] for finding in found["findings"]] == ["exact", "trained"]


def test_a_finished_run_refuses_other_weights(first: Run, tmp_path: Path) -> None:
    source = tmp_path / "source"
    run_of(source, seed=3)
    run = run_of(tmp_path / "run", **{"training": None, "agents.worker.weights": str(source)})
    assert "sha256:" in (run.path / "scenario.yaml").read_text()
    fitted = next(source.glob("checkpoints/*/fitted"))
    content = load_state(fitted)
    changed = {name: value + 1 for name, value in content["agents"]["worker"].items()}
    save_state(fitted, {**content, "agents": {"worker": changed}})
    with pytest.raises(UserError, match="other weights than when this scenario was loaded"):
        weights(Run(run.path))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"run": "nowhere"}, "nowhere is not the folder of a run with fitted agents"),
        ({"policy": "free_markt"}, "no fitted agents with policy free_markt.*free_market"),
        ({"seed": 5}, "no fitted agents with seed 5 .known: 42."),
        ({"role": "wrker"}, "fitted no agent of role wrker.*worker"),
    ],
)
def test_mistakes_are_named(first: Run, tmp_path: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        run_of(tmp_path / "run", **{"training": None, "agents.worker.weights": {"run": str(first.path), **given}})
    assert not (tmp_path / "run").exists()


def test_another_architecture_is_refused_before_training(first: Run, tmp_path: Path) -> None:
    wide = {"kind": "ppo", "hidden": [16], "weights": str(first.path)}
    with pytest.raises(UserError, match="do not match this game and the architecture"):
        run_of(tmp_path / "run", **{"agents.worker": wide})
    assert not (tmp_path / "run").exists()
