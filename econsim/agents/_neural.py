"""What neural minds share, whether they follow or lead: an actor-critic that a learner fits, played by its mode."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.networks import ActorCritic
from econsim.parameters import Model


class MindParameters(Model):
    """Size and exploration of a neural mind."""

    hidden: tuple[PositiveInt, ...] = (64, 64)
    """Width of each hidden layer of the policy tower and of the value tower."""
    initial_exploration: float = Field(default=-1.0, ge=-5, le=2)
    """Log standard deviation of real-valued actions at the start of training, before they are squashed into bounds."""
    deterministic: bool = True
    """Play the likeliest action once trained; else draw as in training."""


class NeuralAgent(ABC):
    """An agent with an actor-critic of its own; :meth:`prepare` makes one with fresh weights, a learner fits it."""

    learner: ClassVar[str | None] = "ppo"

    def __init__(self, parameters: MindParameters) -> None:
        self.mind_parameters = parameters
        self._network: ActorCritic | None = None
        self._weights: dict[str, Tensor] | None = None

    @abstractmethod
    def first_action(self, game: Game[Any], role: Role) -> Tensor | None:
        """Return the action ``[*shape]`` that training begins with, or ``None`` for the middle of the range."""

    def prepare(self, game: Game[Any], role: Role, key: Tensor) -> ActorCritic:
        """Take a network with weights drawn from ``key`` ``[1]``, and return it for a learner to fit."""
        sizes = self.mind_parameters
        start = self.first_action(game, role)
        network = ActorCritic(role, sizes.hidden, sizes.initial_exploration, key.cpu(), start)
        self._network = network.to(key.device)
        return self._network

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None:
        """Build the network of stored weights; raises ``UserError`` where there are none, or not of this role."""
        if self._weights is not None:
            self._network = self._restored(game, role, self._weights)
            self._weights = None
        self._fitted()

    @torch.no_grad()
    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        """Return actions for ``[B, N]`` players: the mode, or draws where ``deterministic`` is off."""
        network = self._fitted().to(observation.features.device)
        distribution = network.policy(observation.features.flatten(2), observation.action_mask)
        sampled = not self.mind_parameters.deterministic
        action = network.head.action(distribution.sample(key, "ppo") if sampled else distribution.mode())
        return like_features(action, observation), None

    def state_dict(self) -> dict[str, Tensor]:
        """Return the network's weights by name."""
        return {name: value.detach().clone() for name, value in self._fitted().state_dict().items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned; the network is built when the next episode starts."""
        self._weights, self._network = dict(state), None

    def _restored(self, game: Game[Any], role: Role, weights: Mapping[str, Tensor]) -> ActorCritic:
        network = self.prepare(game, role, torch.zeros(1, dtype=torch.int64))
        try:
            network.load_state_dict(weights)
        except RuntimeError as error:
            raise UserError(f"agents.{role.name}: the stored weights do not fit this game and these sizes") from error
        return network

    def _fitted(self) -> ActorCritic:
        if self._network is None:
            raise UserError(
                "ppo: this mind has not been trained; econsim.run trains it, or a learner of econsim.training"
            )
        return self._network


def like_features(action: Tensor, observation: Observation) -> Tensor:
    """Return real-valued actions in the precision of the game; indices stay as they are."""
    return action.to(observation.features.dtype) if action.is_floating_point() else action
