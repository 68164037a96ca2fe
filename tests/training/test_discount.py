"""A game's discount: in returns, in what learners maximise and in what they report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from memory_recorder import MemoryRecorder
from torch import Tensor
from toy_games import Gifts, GiftsState

from econsim import random
from econsim.agents import ppo
from econsim.game import Observation, Role, Transition
from econsim.play import play
from econsim.rl.rollout import Rollout
from econsim.rl.settings import Settings
from econsim.rl.trainer import Trainer


class Impatient(Gifts):
    """Gifts whose players discount."""

    discount = 0.5


class Giving:
    """Gives one coin while there is one; the collector takes half of it."""

    def start(self, game: Any, role: Role, num_envs: int) -> None:
        return None

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        mask = observation.action_mask
        return (torch.full_like(observation.alive, 0.5, dtype=torch.float32) if mask is None else mask[..., 1]).to(
            torch.float32 if mask is None else torch.int64
        ), memory


def test_returns_are_discounted_sums_of_rewards() -> None:
    game, agents, key = Impatient(), {"giver": Giving(), "collector": Giving()}, random.keys(3, 5)
    rewards: list[Tensor] = []

    class Noting(Impatient):
        def step(self, state: GiftsState, actions: Mapping[str, Tensor]) -> Transition[GiftsState]:
            done = super().step(state, actions)
            rewards.append(done.rewards["giver"].double())
            return done

    found = play(Noting(), agents, key).returns["giver"]
    expected = sum((reward * 0.5**time for time, reward in enumerate(rewards)), torch.zeros(5, 4).double())
    assert torch.equal(found, expected)
    assert not torch.allclose(found, play(Gifts(), agents, key).returns["giver"])
    assert game.to(dtype=torch.float64).discount == 0.5


def test_a_learner_takes_the_discount_of_the_game_unless_it_is_given_one() -> None:
    def gamma(**given: float) -> float | None:
        minds = {name: ppo.Ppo(ppo.Parameters(hidden=(4,))) for name in ("giver", "collector")}
        levels = dict.fromkeys(minds, Settings(**given))
        trainer = Trainer.begin(Impatient(), minds, levels, 0, MemoryRecorder())
        return trainer.train_states["giver"].settings.gamma

    assert gamma() == 0.5
    assert gamma(gamma=0.9) == 0.9


@pytest.mark.parametrize("horizon", [2, 3])
def test_a_rollout_notes_discounted_returns_of_every_episode(horizon: int) -> None:
    game, agents = Impatient(horizon), {"giver": Giving(), "collector": Giving()}
    mind = ppo.Ppo(ppo.Parameters(hidden=(4,)))
    network = mind.prepare(game, game.roles["collector"], random.keys(0, 1))
    rollout = Rollout(game, agents, {"collector": network}, mode="eager")
    scene = rollout.begin(random.keys(1, 2))
    trajectory = rollout.collect(scene, 2 * horizon, random.keys(2, 2))["collector"]
    discounts = 0.5 ** torch.arange(horizon).repeat(2)
    expected = (trajectory.outcome.reward[..., 0] * discounts[:, None]).sum() / 4
    assert float(trajectory.episode_return) == pytest.approx(float(expected), rel=1e-6)
    plain = Rollout(Gifts(horizon), agents, {"collector": network}, mode="eager").begin(random.keys(1, 2))
    assert len(plain.stored()) == len(scene.stored()) - 1  # checkpoints of games without a discount stay as they are
