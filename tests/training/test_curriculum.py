from __future__ import annotations

from typing import Any

import pytest
import torch
from laffer import Laffer
from memory_recorder import Interrupted, MemoryRecorder
from pydantic import ValidationError
from torch import Tensor

from econsim.agents import ppo as worker
from econsim.errors import UserError
from econsim.game import Agent
from econsim.planners import ppo as planner
from econsim.training.curriculum import Curriculum, Parameters


def minds() -> dict[str, Agent]:
    return {
        "worker": worker.Ppo(worker.Parameters(hidden=(8,))),
        "leader": planner.Ppo(planner.Parameters(hidden=(8,))),
    }


def weights(agent: Agent) -> Tensor:
    return torch.cat([value.flatten().float() for value in agent.state_dict().values()])  # type: ignore[attr-defined]


def short(**more: Any) -> dict[str, Any]:
    return {"kind": "ppo", "iterations": 3, "copies": 4, "checkpoint_every": 1, **more}


def curriculum(*phases: dict[str, Any]) -> Curriculum:
    return Curriculum(Parameters.model_validate({"phases": phases}))


WORKERS = {"name": "workers", "training": short(train=["worker"])}
BOTH = {"name": "both", "training": short(parameters={"initial_rate": [[0, 0.1], [1, 0.9]]})}


def test_only_those_who_train_in_a_phase_change_in_it() -> None:
    agents = minds()
    first = curriculum({"name": "all", "training": short()}).fit(Laffer(), agents, 0, MemoryRecorder())
    before = {role: weights(agent) for role, agent in first.items()}
    after = curriculum(WORKERS).fit(Laffer(), first, 1, MemoryRecorder())
    assert not torch.equal(before["worker"], weights(after["worker"]))
    assert torch.equal(before["leader"], weights(after["leader"]))


def test_a_stand_in_plays_while_its_phase_lasts_and_learns_nothing_for_others() -> None:
    still = {"name": "still", "agents": {"leader": {"kind": "ppo", "hidden": [4]}}, "training": short()}
    fitted = curriculum(still).fit(Laffer(), minds(), 0, MemoryRecorder())
    assert fitted["worker"].is_fitted  # type: ignore[attr-defined]
    assert not fitted["leader"].is_fitted  # type: ignore[attr-defined]


def test_a_planner_that_stands_in_is_one_of_the_planners_room() -> None:
    narrow = {"kind": "ppo", "hidden": [4], "initial_exploration": -1.0}
    found = Parameters.model_validate({"phases": [{"name": "still", "planner": narrow, "training": short()}]})
    stand_ins = found.phases[0].stand_ins(Laffer())
    assert isinstance(stand_ins["leader"].build(), planner.Ppo)
    fitted = Curriculum(found).fit(Laffer(), minds(), 0, MemoryRecorder())
    assert fitted["worker"].is_fitted  # type: ignore[attr-defined]
    assert not fitted["leader"].is_fitted  # type: ignore[attr-defined]


def test_steps_and_progress_go_on_from_phase_to_phase() -> None:
    recorder = MemoryRecorder()
    longer = {"name": "both", "training": short(**{**BOTH["training"], "iterations": 5})}
    learner = curriculum(WORKERS, longer)
    assert learner.units == 8
    learner.fit(Laffer(), minds(), 0, recorder)
    steps = [step for role, name, step, _ in recorder.rows if (role, name) == ("worker", "training/entropy")]
    assert steps == sorted(set(steps))
    assert len(steps) == 8
    assert recorder.done == [(done, 8) for done in range(1, 9)]


@pytest.mark.parametrize("stop", [2, 3, 5])
def test_an_interrupted_curriculum_continues_to_the_same_bits(stop: int) -> None:
    phases = (WORKERS, BOTH, {**WORKERS, "name": "again", "start": "workers"})
    never = curriculum(*phases).fit(Laffer(), minds(), 7, MemoryRecorder())
    recorder = MemoryRecorder(stop_after=stop)
    with pytest.raises(Interrupted):
        curriculum(*phases).fit(Laffer(), minds(), 7, recorder)
    recorder.stop_after = None
    resumed = curriculum(*phases).fit(Laffer(), minds(), 7, recorder)
    assert all(torch.equal(weights(never[role]), weights(resumed[role])) for role in never)


def test_a_phase_begins_with_the_weights_that_it_names() -> None:
    nothing = {"kind": "ppo", "iterations": 1, "copies": 2, "follower": {"learning_rate": [[0, 1e-9]]}}
    warm = curriculum(WORKERS).fit(Laffer(), minds(), 3, MemoryRecorder())["worker"]
    back = {"name": "back", "training": {**nothing, "train": ["worker"]}, "start": "workers"}
    other = {"name": "other", "training": short(train=["worker"]), "start": "fresh"}
    again = curriculum(WORKERS, other, back).fit(Laffer(), minds(), 3, MemoryRecorder())["worker"]
    # Four updates with a step of 1e-9 leave the weights where they were, up to float32 rounding.
    torch.testing.assert_close(weights(again), weights(warm), atol=1e-6, rtol=1e-6)
    fresh = curriculum(WORKERS, other).fit(Laffer(), minds(), 3, MemoryRecorder())["worker"]
    assert not torch.allclose(weights(fresh), weights(warm), atol=1e-2)


@pytest.mark.parametrize(
    ("phases", "problem"),
    [
        ((WORKERS, WORKERS), "name 'workers' is already in use"),
        (({**WORKERS, "start": "bth"}, BOTH), "expected the name of an earlier phase or fresh, found 'bth'"),
        ((WORKERS, {**BOTH, "shared": True}), "shared phases must come before"),
        (({**WORKERS, "shared": True},), "last phase must not be shared"),
        ((), "at least 1 item"),
    ],
)
def test_phases_that_make_no_sense_are_refused(phases: Any, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Parameters.model_validate({"phases": phases})


def test_a_phase_must_name_roles_and_parameters_that_exist() -> None:
    with pytest.raises(UserError, match=r"phase workers: unknown role 'leder' \(did you mean leader\?\)"):
        curriculum({**WORKERS, "agents": {"leder": "ppo"}}).fit(Laffer(), minds(), 0, MemoryRecorder())
    with pytest.raises(UserError, match="unknown role 'wrker'"):
        curriculum({"name": "a", "training": short(train=["wrker"])}).fit(Laffer(), minds(), 0, MemoryRecorder())
    with pytest.raises(UserError, match="no numeric parameter 'rte'"):
        curriculum({"name": "a", "training": short(parameters={"rte": 1})}).fit(Laffer(), minds(), 0, MemoryRecorder())
