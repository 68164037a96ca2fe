"""One fit of neural minds: who learns in which game, under which seed, and where it is reported."""

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
    """What every iteration of a fit needs. Draws are functions of seed, purpose and iteration, so none is stored."""

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
        """Give every neural mind the settings of its role, and fresh weights where it has none.

        Args:
            game: the game.
            agents: who plays each role.
            levels: the settings of each role.
            seed: of first weights and of all draws.
            recorder: where the fit is reported.
            train: the roles that learn; by default all with a neural mind. Minds that do not learn play as they are.
            mode: how updates are made fast; see :func:`econsim.acceleration.fused`.

        Raises:
            UserError: nobody has a neural mind, or a role of ``train`` has none or does not exist.
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
            if train is None or name in train:
                taught = train_states.get(owner or name)
                settings = levels[name].for_game(game)
                train_states[name] = TrainState.of(name, network, settings, mode) if taught is None else taught
        if not train_states:
            raise UserError("training: no role has a neural mind (kind ppo), so there is nothing to train")
        return cls(game, agents, train_states, seed, recorder)

    def keys(self, purpose: str, count: int, iteration: int) -> Tensor:
        """Return the keys ``[count]`` of one purpose in one iteration."""
        return random.fold(random.fold(random.keys(self.seed, count, self.game.device), purpose), iteration)

    def copies(self, purpose: str, count: int, iteration: int) -> Tensor:
        """Return this process's part of the keys of ``count`` copies."""
        return distributed.own_part(self.keys(purpose, count, iteration))

    def rollout(self, agents: Mapping[str, Agent], roles: Collection[str], mode: Mode = "auto") -> Rollout:
        """Return play in which those of ``roles`` that learn are recorded."""
        learning = {name: train_state for name, train_state in self.train_states.items() if name in roles}
        networks = {name: train_state.network for name, train_state in learning.items()}
        sequences = {name: train_state.settings.sequence_length for name, train_state in learning.items()}
        return Rollout(self.game, agents, networks, sequences, mode)

    def teach(
        self, trajectories: Mapping[str, Trajectory], share_done: float, iteration: int
    ) -> dict[str, dict[str, float]]:
        """Update every role from its trajectory; log the statistics and return them by role.

        Raises:
            RunError: a loss is not finite any more.
        """
        stats: dict[str, dict[str, float]] = {}
        for owner in dict.fromkeys(self.train_states[role].role for role in trajectories):
            mine = {role: each for role, each in trajectories.items() if self.train_states[role].role == owner}
            key = self.keys(f"{owner}/update", 1, iteration)
            stats |= self.train_states[owner].learn(mine, share_done, key)
        for role, found in stats.items():
            for name, value in found.items():
                self.recorder.log(f"training/{name}", value, step=iteration, role=role)
        return stats

    def checkpoint(self, step: int, **more: Any) -> None:
        """Store all students, and what else the learner has."""
        stored = {train_state.role: train_state.stored() for train_state in self.train_states.values()}
        self.recorder.checkpoint(step, {"students": stored, **more})

    def restore(self) -> tuple[int, dict[str, Any]]:
        """Bring all students to the newest checkpoint; return the iterations done (0: none) and what it holds."""
        found = self.recorder.restore()
        if found is None:
            return 0, {}
        for train_state in self.train_states.values():
            train_state.restore(found[1]["students"][train_state.role])
        return found


def _owners_first(agents: Mapping[str, Agent]) -> list[tuple[str, NeuralAgent]]:
    """Return the neural minds; those that play with another's come last."""
    neural = [(name, agent) for name, agent in agents.items() if isinstance(agent, NeuralAgent)]
    return sorted(neural, key=lambda pair: pair[1].policy_parameters.shares_with is not None)


def _shared(agents: Mapping[str, Agent], owner: str, name: str, game: Game[Any]) -> ActorCritic:
    """Let role ``name`` play with the mind of role ``owner``."""
    mine, theirs = agents[name], agents.get(owner)
    if owner == name or not isinstance(theirs, NeuralAgent) or theirs.policy_parameters.shares_with is not None:
        known = did_you_mean(owner, [role for role in agents if role != name])
        raise UserError(f"agents.{name}: shares_with {owner}, which is no role with a neural mind of its own{known}")
    assert isinstance(mine, NeuralAgent)
    return mine.share(theirs, game, game.roles[name], game.roles[owner])


def _check(train: Collection[str] | None, agents: Mapping[str, Agent]) -> None:
    for role in train or ():
        if role not in agents:
            raise UserError(f"training.train: unknown role {role!r}{did_you_mean(role, agents)}")
        if not isinstance(agents[role], NeuralAgent):
            raise UserError(f"training.train: {role} has no neural mind (kind ppo)")
