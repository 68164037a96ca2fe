"""What neural minds share, whether they follow or lead: an actor-critic that a learner fits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.nn import ActorCritic, Amounts, Architecture, Categorical, Memory, Probabilities

UNTRAINED = "ppo: this mind has not been trained; econsim.run trains it, or a learner of econsim.training"


class PolicyParameters(Architecture):
    """Make and exploration of a neural mind."""

    initial_exploration: float = Field(default=-1.0, ge=-5, le=2)
    """Log standard deviation of real-valued actions at the start of training, before they are squashed into bounds."""
    shares_with: str | None = None
    """Role whose mind this role plays with too: one network, taught by both. None: a mind of its own."""
    deterministic: bool | None = None
    """Play the likeliest action once trained (true), or draw as in training (false); none: the likeliest of real-valued
    actions, and draws of discrete ones, so that a mixed strategy is played as one."""


class NeuralAgent(ABC):
    """An agent with an actor-critic of its own; :meth:`prepare` makes one with fresh weights, a learner fits it."""

    def __init__(self, parameters: PolicyParameters) -> None:
        self.policy_parameters = parameters
        self._network: ActorCritic | None = None
        self._weights: dict[str, Tensor] | None = None

    @abstractmethod
    def first_action(self, game: Game[Any], role: Role) -> Tensor | None:
        """Return the action ``[*shape]`` that training begins with, or ``None`` for the middle of the range."""

    def as_it_acts(self, game: Game[Any], role: Role) -> Role:
        """Return the role with the action that this mind takes in it: its own, unless the game takes another too."""
        return role

    def prepare(self, game: Game[Any], role: Role, key: Tensor) -> ActorCritic:
        """Return a network for a learner to fit: the one it has, else one with weights drawn from ``key`` ``[1]``.

        Raises:
            UserError: its stored weights are not of this role and these sizes.
        """
        if self._network is None:
            make = self.policy_parameters
            start = self.first_action(game, role)
            network = ActorCritic(self.as_it_acts(game, role), make, make.initial_exploration, key.cpu(), start).to(
                key.device
            )
            self._network = self._restored(network, role)
        return self._network

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Return an empty memory; raises ``UserError`` where there are no weights, or not of this role."""
        if not self.is_fitted:
            raise UserError(UNTRAINED)
        network = self.prepare(game, role, torch.zeros(1, dtype=torch.int64)).to(game.device)
        return network.first_memory(num_envs, role.count, game.device)[:1]

    @torch.no_grad()
    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return actions for ``[B, N]`` players: the mode or draws, as ``deterministic`` says."""
        network = self._fitted()
        distribution, memory = network.policy(network.sees(observation), memory)
        choice = distribution.mode() if self._plays_mode(network) else distribution.sample(key, "ppo")
        return like_features(network.head.action(choice), observation), memory

    @torch.no_grad()
    def policy(self, observation: Observation, memory: Memory) -> tuple[Categorical | Probabilities, Memory]:
        """Return the distribution that :meth:`act` draws from; raises ``UserError`` for real-valued actions."""
        network = self._fitted()
        distribution, memory = network.policy(network.sees(observation), memory)
        if not isinstance(distribution, Categorical):
            raise UserError("ppo: real-valued actions have no list of probabilities")
        return distribution.at_mode() if self._plays_mode(network) else distribution, memory

    def state_dict(self) -> dict[str, Tensor]:
        """Return the network's weights by name."""
        held = self._fitted().state_dict() if self._weights is None else self._weights
        return {name: value.detach().clone() for name, value in held.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned; the network is built when the next episode starts."""
        self._weights, self._network = dict(state), None

    def share(self, other: NeuralAgent, game: Game[Any], role: Role, of: Role) -> ActorCritic:
        """Play with the prepared mind of another role from now on, and return it.

        Raises:
            UserError: the roles do not see or do the same kind of thing.
        """
        mine, theirs = self.as_it_acts(game, role), other.as_it_acts(game, of)
        for what in ("observation", "action", "view", "view_counts", "shared_features"):
            if getattr(mine, what) != getattr(theirs, what):
                raise UserError(f"agents.{role.name}: shares_with {of.name}, but they differ in their {what}")
        self._network, self._weights = other._fitted(), None
        return self._network

    @property
    def is_fitted(self) -> bool:
        """Whether it has weights."""
        return self._network is not None or self._weights is not None

    def forget(self) -> None:
        """Give up its weights, so that the next learner begins with fresh ones."""
        self._network, self._weights = None, None

    def _plays_mode(self, network: ActorCritic) -> bool:
        given = self.policy_parameters.deterministic
        return isinstance(network.head, Amounts) if given is None else given

    def _restored(self, network: ActorCritic, role: Role) -> ActorCritic:
        if self._weights is None:
            return network
        try:
            network.load_state_dict(self._weights)
        except RuntimeError as error:
            raise UserError(f"agents.{role.name}: the stored weights do not fit this game and these sizes") from error
        self._weights = None
        return network

    def _fitted(self) -> ActorCritic:
        if self._network is None:
            raise UserError(UNTRAINED)
        return self._network


def like_features(action: Tensor, observation: Observation) -> Tensor:
    """Return real-valued actions in the precision of the game; indices stay as they are."""
    return action.to(observation.features.dtype) if action.is_floating_point() else action
