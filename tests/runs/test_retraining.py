"""Workers trained anew under every planner, after phases that all of them share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from econsim.errors import UserError
from econsim.report.figures import Figures
from econsim.runs import Run, execute, resume
from econsim.scenario import load
from econsim.storage.states import load_state

SMALL: dict[str, Any] = {"kind": "ppo", "copies": 4, "iterations": 2, "checkpoint_every": 1}
PHASES = [
    {"name": "untaxed", "shared": True, "agents": {"planner": "free_market"}, "training": SMALL},
    {"name": "taxed", "training": {**SMALL, "refit_every": 1}},
]
RETRAINED: dict[str, Any] = {
    "economy.workers": 5,
    "agents.worker": {"kind": "ppo", "hidden": [8]},
    "planner": "ppo",
    "baselines": ["free_market", "saez"],
    "retrain": True,
    "evaluation": None,
    "training": {"kind": "curriculum", "phases": PHASES},
    "seeds": 2,
    "headline": None,
}


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return execute(load("one_step", RETRAINED), tmp_path_factory.mktemp("one") / "run", quiet=True)


def test_each_planner_gets_workers_of_its_own_that_begin_with_the_shared_ones(one_by_one: Run) -> None:
    run = one_by_one
    stages = sorted(folder.name for folder in (run.path / "checkpoints").iterdir())
    labels = ["free_market", "ppo", "saez", "shared%20phases"]
    assert stages == sorted(f"{label}-seed-{seed}-ppo" for label in labels for seed in (42, 43))
    found = {name: load_state(run.path / "checkpoints" / name / "fitted")["agents"] for name in stages}
    first = {name: agents["worker"]["policy_outputs.weight"] for name, agents in found.items()}
    assert len({tuple(weight.flatten().tolist()) for weight in first.values()}) == len(stages)
    near, far = (first["shared%20phases-seed-42-ppo"], first["shared%20phases-seed-43-ppo"])
    for label in labels[:3]:
        mine = first[f"{label}-seed-42-ppo"]
        # Two iterations move weights by less than another seed's first weights are away.
        assert (mine - near).norm() < (mine - far).norm()
    summary = run.summary["policies"]
    assert all(set(summary[label]["seeds"]) == {"42", "43"} for label in labels[:3])
    assert summary["saez"]["learned"]["welfare"] != summary["free_market"]["learned"]["welfare"]
    (axes,) = Figures(run).outcomes().axes
    lines = {tuple(line.get_xdata()) for line in axes.lines}
    # Two iterations that all share, then two of each planner; an iteration is an episode of every copy.
    assert lines == {(0, 1), (2, 3)}
    assert len(axes.lines) == 4


def test_a_retrained_run_resumes_to_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from econsim.rl.ppo import Ensemble

    scenario = load("one_step", RETRAINED | {"seeds": 1})
    whole = execute(scenario, tmp_path / "whole", quiet=True)
    count, iterate = [0], Ensemble.iterate

    def interrupted(self: Ensemble, *arguments: Any) -> None:
        count[0] += 1
        if count[0] == 6:  # in the second iteration of the second policy's own phase
            raise KeyboardInterrupt
        iterate(self, *arguments)

    monkeypatch.setattr(Ensemble, "iterate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        execute(scenario, tmp_path / "cut", quiet=True)
    again = resume(tmp_path / "cut", quiet=True)
    assert again.summary["policies"] == whole.summary["policies"]
    weights = [
        load_state(run.path / "checkpoints" / "saez-seed-42-ppo" / "fitted")["agents"]["worker"]
        for run in (whole, again)
    ]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_formula_that_needs_trained_workers_says_how_to_refit_it(tmp_path: Path) -> None:
    scenario = load("one_step", RETRAINED | {"training": SMALL})
    with pytest.raises(UserError, match=r"saez is fitted to workers.*refit_every=50"):
        execute(scenario, tmp_path / "run", quiet=True)


def test_retraining_needs_followers_who_can_learn(tmp_path: Path) -> None:
    scenario = load("one_step", RETRAINED | {"agents.worker": "best_response"})
    with pytest.raises(UserError, match="no follower is trained under free_market"):
        execute(scenario, tmp_path / "run", quiet=True)


# In the first and the last iteration of the shared phase, and in the last of a policy's own.
@pytest.mark.parametrize("stop", [1, 3, 7])
def test_seeds_fitted_at_once_give_the_numbers_of_seeds_fitted_one_by_one(
    stop: int, one_by_one: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from econsim.rl.ppo import Session

    scenario = load("one_step", RETRAINED | {"seeds_at_once": 2})
    count, report = [0], Session.report

    def interrupted(self: Session, *arguments: Any, **more: Any) -> None:
        report(self, *arguments, **more)
        count[0] += 1
        if count[0] == stop:  # odd: one of the two seeds has stored its checkpoint, the other has not
            raise KeyboardInterrupt

    monkeypatch.setattr(Session, "report", interrupted)
    with pytest.raises(KeyboardInterrupt):
        execute(scenario, tmp_path / "both", quiet=True)
    both = resume(tmp_path / "both", quiet=True)
    assert both.summary["policies"] == one_by_one.summary["policies"]
    columns = ["policy", "seed", "role", "step", "name", "value"]
    tables = [run.metrics[columns].sort_values(columns[:-1], ignore_index=True) for run in (both, one_by_one)]
    assert tables[0].equals(tables[1])


def test_baselines_without_a_planner_are_scored_as_beside_one(one_by_one: Run, tmp_path: Path) -> None:
    run = execute(load("one_step", RETRAINED | {"planner": None}), tmp_path / "run", quiet=True)
    assert run.summary["responses"] == ["learned"]
    for label in ("free_market", "saez"):
        assert run.summary["policies"][label]["learned"] == one_by_one.summary["policies"][label]["learned"]
