"""Behavioural cloning of households: the shared policy imitates exact households under the policy before any reform.

Clones read their own state only. They do as households did, whatever the leader sets: the households of the published
baselines, which are cloned from survey data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from econsim import random
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.errors import UserError
from econsim.game import Agent, Box, Game, StatusQuo
from econsim.households.protocols import HasExactHouseholds
from econsim.nn.encoders import Seen
from econsim.play import HeldAction
from econsim.rl.schedules import value_at
from econsim.rl.train_state import TrainState
from econsim.training.mean_field.follower_learning import Follower
from econsim.training.mean_field.schemes import Blind

__all__ = ["Cloning"]


class Cloning:
    """Imitation of exact households by the policy network of one following role."""

    def __init__(self, game: Game[Any], train_state: TrainState, blind: Blind, settings: Follower, leader: str) -> None:
        if not isinstance(game, HasExactHouseholds) or not isinstance(game, StatusQuo):
            raise UserError(
                "training: mean_field: scheme cloned needs a game that solves its households, such as bewley"
            )
        self.game, self.role, self.settings, self.blind = game, train_state.role, settings, blind
        self.network, self.optimiser = train_state.network, train_state.optimiser
        self.teachers: dict[str, Agent] = {
            self.role: ExactHousehold(NoParameters()),
            leader: HeldAction(game.status_quo(leader)),
        }

    def learn(self, agents: Mapping[str, Agent], key: Tensor, share_done: float) -> dict[str, float]:
        """Imitate the exact households of one period, in several steps; ``agents`` are not used."""
        rate = value_at(self.settings.learning_rate, share_done)
        for step in range(self.settings.value_steps):
            loss, error = self._imitate(random.fold(key, step), rate)
        return {"cloning_loss": loss, "cloning_error": error}

    def _imitate(self, key: Tensor, rate: float) -> tuple[float, float]:
        """Take a step, and return the loss and the mean absolute error of actions."""
        observation = self.game.observe(self.game.reset(key))[self.role]
        memory = self.teachers[self.role].start(self.game, self.game.roles[self.role], len(key))
        wanted = self.teachers[self.role].act(observation, memory, key)[0]
        space = self.game.roles[self.role].action
        assert isinstance(space, Box)
        latents = self.network.policy(Seen.of(observation))[0].mode()  # their sigmoid is a share of the range
        chosen = self.network.head.action(latents)
        share = ((wanted.float() - space.low) / (space.high - space.low)).clamp(0.0, 1.0)
        loss = nn.functional.binary_cross_entropy_with_logits(latents, share.reshape_as(latents))
        loss.backward()  # type: ignore[no-untyped-call]
        self.blind.keep(self.network)
        self.optimiser.step(rate)
        self.optimiser.zero_grad()
        return float(loss.detach()), float((chosen.detach() - wanted).abs().mean())
