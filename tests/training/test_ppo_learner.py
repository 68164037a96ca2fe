from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from laffer import Laffer, LafferState
from memory_recorder import Interrupted, MemoryRecorder
from torch import Tensor
from toy_games import Gifts

import econsim
from econsim.agents import ppo as worker
from econsim.errors import RunError, UserError
from econsim.game import Agent, Transition
from econsim.planners import ppo as planner
from econsim.planners.free_market import FreeMarket as FreeMarketPlanner
from econsim.planners.free_market import Parameters as NoTaxes
from econsim.play import HeldAction
from econsim.training import ppo

KEY = torch.zeros(1, dtype=torch.int64)
SMALL: dict[str, Any] = {"iterations": 4, "copies": 4, "checkpoint_every": 2}


def minds() -> dict[str, Agent]:
    return {
        "worker": worker.Ppo(worker.Parameters(hidden=(16,))),
        "leader": planner.Ppo(planner.Parameters(hidden=(16,))),
    }


def gift_minds() -> dict[str, Agent]:
    return {
        "giver": worker.Ppo(worker.Parameters(hidden=(8,))),
        "collector": planner.Ppo(planner.Parameters(hidden=(8,))),
    }


def weights(agents: Mapping[str, Agent]) -> dict[str, Tensor]:
    return {f"{role}/{name}": value for role in agents for name, value in agents[role].state_dict().items()}  # type: ignore[attr-defined]


def same(first: Mapping[str, Agent], second: Mapping[str, Agent]) -> bool:
    ours, theirs = weights(first), weights(second)
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


def effort(agent: Agent, rate: float) -> float:
    game = Laffer(rate)
    state = LafferState(torch.ones(1, dtype=torch.int64), torch.tensor([rate]))
    agent.start(game, game.roles["worker"], 1)
    return float(agent.act(game.observe(state)["worker"], None, KEY)[0][0, 0])


def test_workers_learn_their_best_effort_under_a_leader_who_learns_too() -> None:
    recorder = MemoryRecorder()
    fast = {"learning_rate": 5e-3, "minibatches": 1}
    settings = ppo.Parameters.model_validate({"iterations": 40, "copies": 64, "follower": fast, "leader": fast})
    agents = ppo.Ppo(settings).fit(Laffer(), minds(), 0, recorder)
    rate = float(agents["leader"].act(Laffer().observe(Laffer().reset(KEY))["leader"], None, KEY)[0])
    # Efforts range over [0, 2]; the best one is 1 - rate.
    assert effort(agents["worker"], rate) == pytest.approx(1 - rate, abs=0.1)
    for name in ("return", "entropy", "approximate_kl", "clip_share", "explained_variance", "value_loss"):
        assert len(recorder.values("worker", f"training/{name}")) == 40
    assert recorder.done[-1] == (40, 40)


@pytest.mark.parametrize("steps", [None, 4])
def test_an_interrupted_fit_continues_to_the_same_bits(steps: int | None) -> None:
    settings = ppo.Parameters(**SMALL, steps=steps)
    never = ppo.Ppo(settings).fit(Gifts(), gift_minds(), 7, MemoryRecorder())
    recorder = MemoryRecorder(stop_after=3)
    with pytest.raises(Interrupted):
        ppo.Ppo(settings).fit(Gifts(), gift_minds(), 7, recorder)
    recorder.stop_after = None
    resumed = ppo.Ppo(settings).fit(Gifts(), gift_minds(), 7, recorder)
    assert same(never, resumed)
    assert recorder.done[:4] == [(1, 4), (2, 4), (3, 4), (3, 4)]


def test_one_seed_gives_one_result_and_another_gives_another() -> None:
    results = [ppo.Ppo(ppo.Parameters(**SMALL)).fit(Laffer(), minds(), seed, MemoryRecorder()) for seed in (1, 1, 2)]
    assert same(results[0], results[1])
    assert not same(results[0], results[2])


def test_somebody_must_have_a_neural_mind() -> None:
    still = HeldAction(torch.tensor(0.0))
    with pytest.raises(UserError, match="no role has a policy network"):
        ppo.Ppo(ppo.Parameters()).fit(Laffer(), {"worker": still, "leader": still}, 0, MemoryRecorder())


CLASSES: dict[str, Any] = {"workers": [{"name": "low", "count": 2}, {"name": "high", "count": 2}], "horizon": 12}


def classes(high: dict[str, Any]) -> dict[str, Any]:
    game = econsim.make("gather_trade_build", **CLASSES)
    agents: dict[str, Any] = {
        "low": worker.Ppo(worker.Parameters(hidden=(8,))),
        "high": worker.Ppo(worker.Parameters.model_validate({"hidden": (8,), **high})),
        "planner": FreeMarketPlanner(NoTaxes()),
    }
    recorder = MemoryRecorder()
    ppo.Ppo(ppo.Parameters(iterations=2, copies=4, checkpoint_every=1)).fit(game, agents, 0, recorder)
    return {"low": agents["low"], "high": agents["high"], "recorder": recorder}


def test_two_classes_of_workers_can_share_a_mind_that_both_teach() -> None:
    shared, apart = classes({"shares_with": "low"}), classes({})
    assert same({"x": shared["low"]}, {"x": shared["high"]})
    assert not same({"x": apart["low"]}, {"x": apart["high"]})
    assert not same({"x": apart["low"]}, {"x": shared["low"]})
    recorder = shared["recorder"]
    assert len(recorder.values("low", "training/entropy")) == 2
    assert recorder.values("high", "training/entropy") == []
    assert len(recorder.values("high", "training/return")) == 2
    assert list(recorder.checkpoints[-1][1]["students"]) == ["low"]


def test_a_mind_can_be_shared_only_with_a_role_that_has_one() -> None:
    for other in ("planner", "high", "lo"):
        with pytest.raises(UserError, match=rf"agents.high.shares_with: expected .* policy network, found {other}"):
            classes({"shares_with": other})


class Broken(Laffer):
    """Pays workers something that is not a number."""

    def step(self, state: LafferState, actions: Mapping[str, Tensor]) -> Transition[LafferState]:
        transition = super().step(state, actions)
        lost = {**transition.rewards, "worker": transition.rewards["worker"] * torch.nan}
        return Transition(transition.state, lost, transition.terminated, transition.truncated)


def test_a_loss_that_is_not_a_number_says_what_to_change() -> None:
    with pytest.raises(RunError, match=r"training of worker diverged .*lower its learning_rate"):
        ppo.Ppo(ppo.Parameters(**SMALL)).fit(Broken(), minds(), 0, MemoryRecorder())
