"""Trainer of policy networks: the game, the learning roles, the seed and the recorder of one fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from econsim import random
from econsim.acceleration import Mode
from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game
from econsim.learning import Recorder
from econsim.nn import ActorCritic
from econsim.nn.agent import NeuralAgent
from econsim.rl import distributed
from econsim.rl.buffer import Trajectory
from econsim.rl.rollout import Rollout
from econsim.rl.settings import Settings
from econsim.rl.train_state import TrainState


@dataclass(frozen=True)
class Trainer:
    """Components of a fit. Random draws are functions of seed, purpose and iteration, so no generator is stored."""

    game: Game[Any]
    agents: Mapping[str, Agent]
    train_states: Mapping[str, TrainState]
    seed: int
    recorder: Recorder

    @classmethod
    def begin(
        cls,
        game: Game[Any],
        agents: Mapping[str, Agent],
        levels: Mapping[str, Settings],
        seed: int,
        recorder: Recorder,
        train: Collection[str] | None = None,
        mode: Mode = "eager",
    ) -> Trainer:
        """Create the training states of all learning roles, with new weights for networks that have none.

        Args:
            game: the game.
            agents: the agent of each role.
            levels: the settings of each role.
            seed: seed of initial weights and of all random draws.
            recorder: receives metrics, progress and checkpoints.
            train: the roles that learn; by default all with a policy network. The other networks play unchanged.
            mode: how updates are accelerated; see :func:`econsim.acceleration.fused`.

        Raises:
            UserError: no role has a policy network, or a role of ``train`` has none or does not exist.
        """
        _check(train, agents)
        train_states: dict[str, TrainState] = {}
        for name, agent in _owners_first(agents):
            key = random.fold(random.keys(seed, 1, game.device), f"{name}/network")
            owner = agent.policy_parameters.shares_with
            if owner is None:
                network = agent.prepare(game, game.roles[name], key)
            else:
                network = _shared(agents, owner, name, game)
            if mode == "compile":
                network.use_kernels(False)  # which no compiled graph can call
            if train is None or name in train:
                shared = train_states.get(owner or name)
                settings = levels[name].for_game(game)
                train_states[name] = TrainState.of(name, network, settings, mode) if shared is None else shared
        if not train_states:
            raise UserError("training: there is nothing to train, because no role has a policy network (kind ppo)")
        return cls(game, agents, train_states, seed, recorder)

    def keys(self, purpose: str, count: int, iteration: int) -> Tensor:
        """Return the keys ``[count]`` of one purpose in one iteration."""
        return random.fold(random.fold(random.keys(self.seed, count, self.game.device), purpose), iteration)

    def copies(self, purpose: str, count: int, iteration: int) -> Tensor:
        """Return this process's share of the keys of ``count`` environment copies."""
        return distributed.own_part(self.keys(purpose, count, iteration))

    def rollout(self, agents: Mapping[str, Agent], roles: Collection[str], mode: Mode = "auto") -> Rollout:
        """Return a rollout in which the learning roles among ``roles`` are recorded."""
        learning = {name: train_state for name, train_state in self.train_states.items() if name in roles}
        networks = {name: train_state.network for name, train_state in learning.items()}
        sequences = {name: train_state.settings.sequence_length for name, train_state in learning.items()}
        return Rollout(self.game, agents, networks, sequences, mode)

    def teach(
        self, trajectories: Mapping[str, Trajectory], share_done: float, iteration: int
    ) -> dict[str, dict[str, float]]:
        """Update every policy from its trajectories; log the statistics and return them by role.

        Raises:
            RunError: a loss or a weight is no longer finite.
        """
        stats: dict[str, dict[str, float]] = {}
        for owner in dict.fromkeys(self.train_states[role].role for role in trajectories):
            of_owner = {role: each for role, each in trajectories.items() if self.train_states[role].role == owner}
            key = self.keys(f"{owner}/update", 1, iteration)
            stats |= self.train_states[owner].learn(of_owner, share_done, key)
        for role, of_role in stats.items():
            for name, value in of_role.items():
                self.recorder.log(f"training/{name}", value, step=iteration, role=role)
        return stats

    def checkpoint(self, step: int, **more: Any) -> None:
        """Write a checkpoint of all training states, with additional entries of the learner."""
        stored = {train_state.role: train_state.stored() for train_state in self.train_states.values()}
        self.recorder.checkpoint(step, {"students": stored, **more})

    def restore(self) -> tuple[int, dict[str, Any]]:
        """Load the newest checkpoint into all training states; return the number of iterations done and its entries."""
        checkpoint = self.recorder.restore()
        if checkpoint is None:
            return 0, {}
        for train_state in self.train_states.values():
            train_state.restore(checkpoint[1]["students"][train_state.role])
        return checkpoint


def _owners_first(agents: Mapping[str, Agent]) -> list[tuple[str, NeuralAgent]]:
    """Return the neural agents by role; those that share the network of another role come last."""
    neural = [(name, agent) for name, agent in agents.items() if isinstance(agent, NeuralAgent)]
    return sorted(neural, key=lambda pair: pair[1].policy_parameters.shares_with is not None)


def _shared(agents: Mapping[str, Agent], owner: str, name: str, game: Game[Any]) -> ActorCritic:
    """Let role ``name`` use the network of role ``owner``."""
    agent, owner_agent = agents[name], agents.get(owner)
    if (
        owner == name
        or not isinstance(owner_agent, NeuralAgent)
        or owner_agent.policy_parameters.shares_with is not None
    ):
        suggestion = did_you_mean(owner, [role for role in agents if role != name])
        raise UserError(
            f"agents.{name}.shares_with: expected a role with its own policy network, found {owner}{suggestion}"
        )
    assert isinstance(agent, NeuralAgent)
    return agent.share(owner_agent, game, game.roles[name], game.roles[owner])


def _check(train: Collection[str] | None, agents: Mapping[str, Agent]) -> None:
    for role in train or ():
        if role not in agents:
            raise UserError(f"training.train: unknown role {role!r}{did_you_mean(role, agents)}")
        if not isinstance(agents[role], NeuralAgent):
            raise UserError(f"training.train: role {role} has no policy network (kind ppo)")
