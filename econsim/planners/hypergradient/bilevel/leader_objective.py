"""A game as two functions: the returns of its leader and of its followers, of what both do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.actions import real_instrument
from econsim.errors import UserError
from econsim.game import Agent, Box, Game, Observation, Role
from econsim.leader_evaluation import values_of
from econsim.play import Episode, HeldAction, play

__all__ = ["LeaderObjective"]


class _FirstMove:
    """Plays as ``agent`` does, and keeps what it first saw and did when it had to act."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.observation: Observation | None = None
        self.action: Tensor | None = None

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Any:
        return self.agent.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        action, memory = self.agent.act(observation, memory, key)
        if self.observation is None and bool(observation.acting.any()):
            self.observation, self.action = observation, action
        return action, memory


class LeaderObjective:
    """One leader with real-valued actions, one following role; both hold one action for the whole episode.

    Points are the leader's actions in the unit cube, ``[C, D]``; responses are those of the followers, in the unit cube
    too, ``[C, N]`` (``N`` counts every number that a follower chooses). All copies are played under one key, in
    float64; ``played`` counts them.
    """

    def __init__(self, game: Game[Any], leader: Role, agents: Mapping[str, Agent], seed: int) -> None:
        """Raises ``UserError`` where the leader's actions are not bounded real numbers, or not one role follows."""
        self.game: Game[Any] = game.to(dtype=torch.float64)
        self.agents, self.leader, self.seed = agents, leader.name, seed
        self.played = 0
        following = [name for name, role in game.roles.items() if not role.leads]
        if len(following) != 1 or not isinstance(leader.action, Box):
            raise UserError(
                "planner: kind hypergradient needs a leader with real-valued actions and one following role; "
                f"{type(game).__name__} has other ones (say planner=search or training=two_level)"
            )
        self.box, self.follower = real_instrument(game, leader, "planner: kind hypergradient"), following[0]

    @property
    def role(self) -> Role:
        """The following role."""
        return self.game.roles[self.follower]

    def actions(self, points: Tensor) -> Tensor:
        """Return points ``[C, D]`` as actions of the leader, ``[C, *shape]``."""
        return (self.box.low + (self.box.high - self.box.low) * points).reshape(-1, *self.box.shape)

    def value(self, points: Tensor) -> Tensor:
        """Return the leader's true returns ``[C]``: followers play as they are."""
        self.played += points.shape[0]
        return values_of(self.game, self.agents, self.leader, self.actions(points).detach(), self.seed)

    def play(self, points: Tensor, follower: Agent) -> Episode:
        """Play one episode under each of the points, with that agent for the followers."""
        self.played += points.shape[0]
        key = random.keys(self.seed, 1, points.device).expand(points.shape[0])
        leader = HeldAction(self.actions(points))
        return play(self.game, {**self.agents, self.leader: leader, self.follower: follower}, key)

    def upper(self, points: Tensor, responses: Tensor) -> Tensor:
        """Return the leader's returns ``[C]`` where followers hold ``responses``."""
        return self.play(points, self._held(responses)).returns[self.leader].mean(-1)

    def lower(self, points: Tensor, responses: Tensor) -> Tensor:
        """Return the followers' returns, added up, ``[C]``."""
        return self.payoffs(points, responses).sum(-1)

    def payoffs(self, points: Tensor, responses: Tensor) -> Tensor:
        """Return each follower's returns, ``[C, players]``."""
        return self.play(points, self._held(responses)).returns[self.follower]

    def first_move(self, points: Tensor) -> tuple[Observation, Tensor]:
        """Return what followers see when they first act, and what they do then, in the game's own units."""
        first = _FirstMove(self.agents[self.follower])
        self.play(points, first)
        if first.observation is None or first.action is None:
            raise UserError(f"planner: kind hypergradient: nobody of role {self.follower} ever acts")
        return first.observation, first.action

    def answers(self, points: Tensor) -> Tensor:
        """Return the followers' first responses ``[C, N]`` under each of the points, as their agent gives them."""
        with torch.no_grad():
            return self.scaled(self.first_move(points)[1].double())

    def scaled(self, actions: Tensor) -> Tensor:
        """Return actions ``[C, players, *shape]`` as responses ``[C, N]``."""
        box = self._follower_box()
        return ((actions - box.low) / (box.high - box.low)).flatten(1)

    def _held(self, responses: Tensor) -> HeldAction:
        """Return followers who hold the responses ``[C, N]``."""
        box = self._follower_box()
        return HeldAction((box.low + (box.high - box.low) * responses).reshape(-1, self.role.count, *box.shape))

    def _follower_box(self) -> Box:
        box = self.role.action
        if not isinstance(box, Box) or not (abs(box.low) < float("inf") and abs(box.high) < float("inf")):
            raise UserError(
                f"planner.method: role {self.follower} needs real-valued actions with bounds for this method; say"
                " planner.method=entropy_regularised"
            )
        return box
