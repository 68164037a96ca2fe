"""A game as two functions: what a leader gets, and what followers get, of what is announced and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Box, Game, Observation, Role
from econsim.play import Episode, play
from econsim.training._leader_evaluation import leader_of, values_of

__all__ = ["Holding", "LeaderObjective"]


class Holding:
    """Does the same in every step: ``actions`` ``[C, N, *shape]``."""

    learner: ClassVar[str | None] = None

    def __init__(self, actions: Tensor) -> None:
        self.actions = actions

    def start(self, game: Game[Any], role: Role, num_envs: int) -> None: ...

    def act(self, observation: Observation, memory: None, key: Tensor) -> tuple[Tensor, None]:
        """Return the actions."""
        return self.actions, None


class _Noting:
    """Plays as ``agent`` does, and notes what it first saw and did when it had to act."""

    learner: ClassVar[str | None] = None

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.seen: Observation | None = None
        self.done: Tensor | None = None

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Any:
        return self.agent.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        action, memory = self.agent.act(observation, memory, key)
        if self.seen is None and bool(observation.acting.any()):
            self.seen, self.done = observation, action
        return action, memory


class LeaderObjective:
    """One leader with real-valued actions, one following role; both do one thing for the whole episode.

    Points are announcements in the unit cube, ``[C, D]``; deeds are what followers do, in the unit cube too,
    ``[C, N]`` (``N`` counts every number that a follower chooses). All copies are played under one key, in float64;
    ``played`` counts them.
    """

    def __init__(self, game: Game[Any], agents: Mapping[str, Agent], seed: int) -> None:
        self.game: Game[Any] = game.to(dtype=torch.float64)
        self.agents, self.seed = agents, seed
        self.played = 0
        self.leader = leader_of(game)
        following = [name for name, role in game.roles.items() if not role.leads]
        box = game.roles[self.leader].action
        if len(following) != 1 or not isinstance(box, Box):
            raise UserError(
                "training.hypergradient: needs a leader with real-valued actions and one following role; "
                f"{type(game).__name__} has other ones (say planner=search or training=two_level)"
            )
        self.box, self.follower = box, following[0]

    @property
    def role(self) -> Role:
        """The following role."""
        return self.game.roles[self.follower]

    def actions(self, points: Tensor) -> Tensor:
        """Return announcements ``[C, *shape]``."""
        return (self.box.low + (self.box.high - self.box.low) * points).reshape(-1, *self.box.shape)

    def value(self, points: Tensor) -> Tensor:
        """Return the leader's true returns ``[C]``: followers play as they are."""
        self.played += points.shape[0]
        return values_of(self.game, self.agents, self.leader, self.actions(points).detach(), self.seed)

    def play(self, points: Tensor, follower: Agent) -> Episode:
        """Play one episode under each of the points, with that agent for the followers."""
        self.played += points.shape[0]
        holding = Holding(self.actions(points)[:, None].expand(-1, self.game.roles[self.leader].count, *self.box.shape))
        key = random.keys(self.seed, 1, points.device).expand(points.shape[0])
        return play(self.game, {**self.agents, self.leader: holding, self.follower: follower}, key)

    def upper(self, points: Tensor, deeds: Tensor) -> Tensor:
        """Return the leader's returns ``[C]`` where followers do ``deeds``."""
        return self.play(points, Holding(self._out(deeds))).returns[self.leader].mean(-1)

    def lower(self, points: Tensor, deeds: Tensor) -> Tensor:
        """Return the followers' returns, added up, ``[C]``."""
        return self.payoffs(points, deeds).sum(-1)

    def payoffs(self, points: Tensor, deeds: Tensor) -> Tensor:
        """Return each follower's returns, ``[C, players]``."""
        return self.play(points, Holding(self._out(deeds))).returns[self.follower]

    def first_sight(self, points: Tensor) -> tuple[Observation, Tensor]:
        """Return what followers see when they first act, and what they do then, in the game's own units."""
        noting = _Noting(self.agents[self.follower])
        self.play(points, noting)
        if noting.seen is None or noting.done is None:
            raise UserError(f"training.hypergradient: nobody of role {self.follower} ever acts")
        return noting.seen, noting.done

    def answers(self, points: Tensor) -> Tensor:
        """Return the followers' deeds ``[C, N]`` under each of the points, as they first do them."""
        with torch.no_grad():
            return self.into(self.first_sight(points)[1].double())

    def into(self, actions: Tensor) -> Tensor:
        """Return actions ``[C, players, *shape]`` as deeds ``[C, N]``."""
        box = self._amounts()
        return ((actions - box.low) / (box.high - box.low)).flatten(1)

    def _out(self, deeds: Tensor) -> Tensor:
        box = self._amounts()
        return (box.low + (box.high - box.low) * deeds).reshape(-1, self.role.count, *box.shape)

    def _amounts(self) -> Box:
        box = self.role.action
        if not isinstance(box, Box) or not (abs(box.low) < float("inf") and abs(box.high) < float("inf")):
            raise UserError(
                f"training.hypergradient: role {self.follower} needs real-valued actions with bounds for this method; "
                "say planner.method=entropy_regularised"
            )
        return box
