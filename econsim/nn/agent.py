"""Base of neural agents, for leading and following roles: an actor-critic network that a learner fits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.nn import ActorCritic, Amounts, Architecture, Categorical, Memory, Probabilities
from econsim.nn.joint_observation import joint_size
from econsim.nn.pretrained import Pretrained

UNTRAINED = (
    "ppo: the policy network has not been trained; train it with econsim.run or with a learner of econsim.training"
)


class PolicyParameters(Architecture):
    """Architecture and exploration of a neural agent."""

    initial_exploration: float = Field(default=-1.0, ge=-5, le=2)
    """Log standard deviation of real-valued actions at the start of training, before they are squashed into bounds."""
    shares_with: str | None = None
    """Role whose policy network this role shares: one network, trained with the data of both roles. None: the role has
    its own network."""
    critic: Literal["own", "centralised"] = "own"
    """What the value function reads during training: the player's ``own`` observation, or, ``centralised``, also the
    joint observation of all players of all roles (MAPPO; Yu et al. 2022). The policy reads the player's own observation
    in either case."""
    weights: Pretrained | None = None
    """Weights that another run has trained: the folder of that run, or ``{run, policy, seed, role}``. Training goes on
    from them; without training they play unchanged. None: random weights."""
    deterministic: bool | None = None
    """After training, play the most likely action (true) or draw from the policy as in training (false). None: play the
    most likely real-valued action, but draw discrete actions, so that a mixed strategy is played as such."""

    @model_validator(mode="after")
    def _critic_is_apart(self) -> Self:
        if self.critic == "centralised" and self.shared_towers:
            reason = "shares its encoder with the policy, which must not read the observations of others"
            raise ValueError(f"critic: centralised needs shared_towers: false; with shared_towers the critic {reason}")
        return self


class NeuralAgent(ABC):
    """An agent with an actor-critic network; :meth:`prepare` creates it with random weights, and a learner fits it."""

    def __init__(self, parameters: PolicyParameters) -> None:
        self.policy_parameters = parameters
        self._network: ActorCritic | None = None
        self._weights: dict[str, Tensor] | None = None
        self._pretrained = parameters.weights

    @abstractmethod
    def first_action(self, game: Game[Any], role: Role) -> Tensor | None:
        """Return the action ``[*shape]`` with which training begins, or ``None`` for the middle of the range."""

    def as_it_acts(self, game: Game[Any], role: Role) -> Role:
        """Return the role with the action space that this agent uses; it may differ if the game accepts several."""
        return role

    def prepare(self, game: Game[Any], role: Role, key: Tensor) -> ActorCritic:
        """Return the network for a learner to fit; new ones have pretrained weights, or draw them from ``key`` ``[1]``.

        Raises:
            UserError: the stored weights do not match the role and the architecture.
        """
        if self._network is None:
            if self._weights is None and self._pretrained is not None:
                self._weights = dict(self._pretrained.weights(role.name))
            make = self.policy_parameters
            start = self.first_action(game, role)
            joint = self._joint_size(game, role)
            network = ActorCritic(self.as_it_acts(game, role), make, make.initial_exploration, key.cpu(), start, joint)
            self._network = self._restored(network.to(key.device), role)
        self._network.use_kernels(game.by_kernels and game.device.type == "cpu")
        return self._network

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Return an empty memory; raises ``UserError`` if there are no weights, or if they do not match the role."""
        if not self.is_fitted and self._pretrained is None:
            raise UserError(UNTRAINED)
        network = self.prepare(game, role, torch.zeros(1, dtype=torch.int64)).to(game.device)
        return network.first_memory(num_envs, role.count, game.device)[:1]

    @torch.no_grad()
    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return actions for ``[B, N]`` players: the mode of the policy or draws, depending on ``deterministic``."""
        network = self._fitted()
        distribution, memory = network.policy(network.sees(observation), memory)
        choice = distribution.mode() if self._plays_mode(network) else distribution.sample(key, "ppo")
        return like_features(network.head.action(choice), observation), memory

    @torch.no_grad()
    def policy(self, observation: Observation, memory: Memory) -> tuple[Categorical | Probabilities, Memory]:
        """Return the distribution from which :meth:`act` draws; raises ``UserError`` for real-valued actions."""
        network = self._fitted()
        distribution, memory = network.policy(network.sees(observation), memory)
        if not isinstance(distribution, Categorical):
            raise UserError("ppo: probabilities of actions exist only for discrete actions, not for real-valued ones")
        return distribution.at_mode() if self._plays_mode(network) else distribution, memory

    def state_dict(self) -> dict[str, Tensor]:
        """Return the network's weights by name."""
        weights = self._fitted().state_dict() if self._weights is None else self._weights
        return {name: value.detach().clone() for name, value in weights.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Load what :meth:`state_dict` returned; the network is built when the next episode starts."""
        self._weights, self._network = dict(state), None

    def share(self, other: NeuralAgent, game: Game[Any], role: Role, of: Role) -> ActorCritic:
        """Use the prepared network of another role from now on, and return it.

        Raises:
            UserError: the roles differ in their observations or actions.
        """
        own_role, other_role = self.as_it_acts(game, role), other.as_it_acts(game, of)
        for field in ("observation", "action", "view", "view_counts", "shared_features"):
            if getattr(own_role, field) != getattr(other_role, field):
                raise UserError(
                    f"agents.{role.name}.shares_with: {role.name} cannot share the network of {of.name}, because they"
                    f" differ in their {field}"
                )
        self._network, self._weights = other._fitted(), None
        return self._network

    @property
    def is_fitted(self) -> bool:
        """Whether the agent has weights."""
        return self._network is not None or self._weights is not None

    def forget(self) -> None:
        """Discard the weights, pretrained ones too, so that the next learner begins with new ones."""
        self._network, self._weights, self._pretrained = None, None, None

    def _plays_mode(self, network: ActorCritic) -> bool:
        deterministic = self.policy_parameters.deterministic
        return isinstance(network.head, Amounts) if deterministic is None else deterministic

    def _joint_size(self, game: Game[Any], role: Role) -> int | None:
        """Return the size of the joint observation that the critic reads; ``None`` unless it is centralised."""
        make = self.policy_parameters
        with_views = bool(make.convolutions and role.view)
        return joint_size(game.roles, with_views) if make.critic == "centralised" else None

    def _restored(self, network: ActorCritic, role: Role) -> ActorCritic:
        if self._weights is None:
            return network
        try:
            network.load_state_dict(_with_critic_of(network, self._weights))
        except RuntimeError as error:
            raise UserError(
                f"agents.{role.name}: the stored weights do not match this game and the architecture of the network;"
                " use the parameters of the run that trained it, or train it again"
            ) from error
        self._weights = None
        return network

    def _fitted(self) -> ActorCritic:
        if self._network is None:
            raise UserError(UNTRAINED)
        return self._network


def _with_critic_of(network: ActorCritic, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return weights with the network's own critic where a centralised one was trained with other players.

    The number of players determines the size of the joint observation, which policies do not read: they play in games
    of any number of players, and a critic that is needed there is learned anew.
    """
    own = {name: value for name, value in network.state_dict().items() if name.startswith("value_")}
    same = all(name in weights and weights[name].shape == value.shape for name, value in own.items())
    return weights if network.joint is None or same else {**weights, **own}


def like_features(action: Tensor, observation: Observation) -> Tensor:
    """Return real-valued actions in the floating-point precision of the game; indices are not changed."""
    return action.to(observation.features.dtype) if action.is_floating_point() else action
