from __future__ import annotations

from typing import Any

import pytest
import torch
from laffer import Laffer, LafferState
from memory_recorder import Interrupted, MemoryRecorder
from torch import Tensor
from toy_games import Gifts

from econsim import random
from econsim.agents import ppo as worker
from econsim.errors import UserError
from econsim.game import Agent, Box, Discrete, Game, Observation, Role
from econsim.planners import ppo as planner
from econsim.play import HeldAction
from econsim.rl.exploration import broad_draw
from econsim.training import two_level

QUICK = {"warm_up": 2, "iterations": 4, "copies": 4, "leader_copies": 4, "checkpoint_every": 2}
FAST = {"learning_rate": 5e-3, "minibatches": 1}
QUICK_LEADER = {"learning_rate": 3e-3}


class BestEffort:
    """Workers who know their best effort, ``1 - rate``."""

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None:
        return None

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        return 1.0 - observation.features[..., 1], None


def minds(hidden: int = 16) -> dict[str, Agent]:
    return {
        "worker": worker.Ppo(worker.Parameters(hidden=(hidden,))),
        "leader": planner.Ppo(planner.Parameters(hidden=(hidden,))),
    }


def fitted(agents: dict[str, Agent], seed: int = 0, **settings: Any) -> dict[str, Agent]:
    learner = two_level.TwoLevel(two_level.Parameters.model_validate(settings))
    return learner.fit(Laffer(), agents, seed, MemoryRecorder())


def announced(agents: dict[str, Agent]) -> float:
    game = Laffer()
    seen = game.observe(game.reset(torch.zeros(1, dtype=torch.int64)))["leader"]
    return float(agents["leader"].act(seen, None, torch.zeros(1, dtype=torch.int64))[0])


def efforts(agents: dict[str, Agent], rates: Tensor) -> Tensor:
    seen = Laffer().observe(LafferState(torch.ones(len(rates), dtype=torch.int64), rates))["worker"]
    return agents["worker"].act(seen, None, torch.zeros(len(rates), dtype=torch.int64))[0][:, 0]


def test_it_finds_the_stackelberg_optimum_and_workers_answer_every_rate() -> None:
    agents = fitted(minds(), warm_up=60, iterations=60, copies=64, follower=FAST, leader=QUICK_LEADER)
    # Revenue is flat at the top: 0.06 off the best rate of 1/2 costs 1.4 % of it.
    assert announced(agents) == pytest.approx(0.5, abs=0.06)
    rates = torch.linspace(0.1, 0.9, 9)
    # 2.5 % of the range of efforts on average: what a smooth fit of 120 small updates leaves.
    assert (efforts(agents, rates) - (1 - rates)).abs().mean() < 0.05


def test_it_fits_a_leader_to_followers_who_need_no_training() -> None:
    agents: dict[str, Agent] = {"worker": BestEffort(), "leader": minds()["leader"]}
    assert announced(fitted(agents, warm_up=0, iterations=50, leader=QUICK_LEADER)) == pytest.approx(0.5, abs=0.03)


def test_it_fits_followers_to_a_leader_who_needs_none() -> None:
    agents: dict[str, Agent] = {"worker": minds()["worker"], "leader": HeldAction(torch.tensor(0.4))}
    found = fitted(agents, warm_up=0, iterations=40, exploration_share=0.0, follower=FAST)
    assert float(efforts(found, torch.tensor([0.4]))) == pytest.approx(0.6, abs=0.04)


def test_the_warm_up_leaves_the_leader_where_it_begins() -> None:
    recorder = MemoryRecorder(stop_after=2)
    agents = minds()
    with pytest.raises(Interrupted):
        two_level.TwoLevel(two_level.Parameters.model_validate(QUICK)).fit(Laffer(0.2), agents, 0, recorder)
    assert announced(agents) == pytest.approx(0.2, abs=0.01)
    assert recorder.values("leader", "training/return") == []


def test_an_interrupted_fit_continues_to_the_same_bits() -> None:
    settings = two_level.Parameters.model_validate(QUICK)
    never = two_level.TwoLevel(settings).fit(Laffer(), minds(), 3, MemoryRecorder())
    recorder = MemoryRecorder(stop_after=5)
    with pytest.raises(Interrupted):
        two_level.TwoLevel(settings).fit(Laffer(), minds(), 3, recorder)
    recorder.stop_after = None
    resumed = two_level.TwoLevel(settings).fit(Laffer(), minds(), 3, recorder)
    for role in never:
        ours, theirs = never[role].state_dict(), resumed[role].state_dict()  # type: ignore[attr-defined]
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_proposals_narrow_on_their_schedule() -> None:
    agents = fitted(minds(), **QUICK, leader={"final_exploration": -4.0})
    log_std = agents["leader"].state_dict()["head.log_std"]  # type: ignore[attr-defined]
    # Four updates at -1, -1.75, -2.5 and -3.25, and what the last one itself changed.
    assert float(log_std) == pytest.approx(-3.25, abs=0.05)


def test_games_without_a_leader_are_refused() -> None:
    game = Gifts()
    game.roles = {"giver": game.roles["giver"]}
    with pytest.raises(UserError, match="needs exactly one"):
        two_level.TwoLevel(two_level.Parameters()).fit(game, {}, 0, MemoryRecorder())


def test_broad_draws_cover_the_box_and_are_flat_half_of_the_time() -> None:
    copies = 2000
    players = torch.ones((copies, 1), dtype=torch.bool)
    seen = Observation(torch.zeros(copies, 1, 2), players, players)
    drawn = broad_draw(Box(-1.0, 3.0, (4,)), seen, random.keys(0, copies))
    assert drawn.shape == (copies, 1, 4)
    # Uniform on [-1, 3]: mean 1, standard deviation 4 / sqrt(12); three standard errors of either.
    assert float(drawn.mean()) == pytest.approx(1.0, abs=0.08)
    assert float(drawn.std()) == pytest.approx(4 / 12**0.5, abs=0.06)
    assert float((drawn == drawn[..., :1]).all(-1).float().mean()) == pytest.approx(0.5, abs=0.034)


def test_broad_choices_are_legal() -> None:
    players = torch.ones((200, 2), dtype=torch.bool)
    mask = torch.tensor([False, True, True]).expand(200, 2, 3)
    drawn = broad_draw(Discrete(3), Observation(torch.zeros(200, 2, 2), players, players, mask), random.keys(0, 200))
    assert set(drawn.unique().tolist()) == {1, 2}
