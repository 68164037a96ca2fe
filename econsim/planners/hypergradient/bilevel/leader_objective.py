"""A game as two functions: the leader's and the followers' returns as functions of their actions."""

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
    """Plays like ``agent``, and stores the observation and action of the first step at which it acts."""

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
    """Returns of one leader with real-valued actions and one following role, both with constant actions in an episode.

    Points are the leader's actions scaled to the unit cube, ``[C, D]``; responses are the followers' actions, also
    scaled to the unit cube, ``[C, N]``, where ``N`` counts all numbers that followers choose. All environment copies
    are played with the same key, in float64; ``played`` is the number of copies played.
    """

    def __init__(self, game: Game[Any], leader: Role, agents: Mapping[str, Agent], seed: int) -> None:
        """Check the game; raises ``UserError`` unless the leader's action is bounded and real and one role follows."""
        self.game: Game[Any] = game.to(dtype=torch.float64)
        self.agents, self.leader, self.seed = agents, leader.name, seed
        self.played = 0
        following = [name for name, role in game.roles.items() if not role.leads]
        if len(following) != 1 or not isinstance(leader.action, Box):
            raise UserError(
                "planner: kind hypergradient needs a leader with real-valued actions and exactly one following role,"
                f" which {type(game).__name__} does not have; use planner=search or training=two_level"
            )
        self.box, self.follower = real_instrument(game, leader, "planner: kind hypergradient"), following[0]

    @property
    def role(self) -> Role:
        """The following role."""
        return self.game.roles[self.follower]

    def actions(self, points: Tensor) -> Tensor:
        """Convert points ``[C, D]`` to actions of the leader, ``[C, *shape]``."""
        return (self.box.low + (self.box.high - self.box.low) * points).reshape(-1, *self.box.shape)

    def value(self, points: Tensor) -> Tensor:
        """Return the leader's true returns ``[C]``, with the followers' own agents."""
        self.played += points.shape[0]
        return values_of(self.game, self.agents, self.leader, self.actions(points).detach(), self.seed)

    def play(self, points: Tensor, follower: Agent) -> Episode:
        """Play one episode under each of the points, with ``follower`` as the agent of the following role."""
        self.played += points.shape[0]
        key = random.keys(self.seed, 1, points.device).expand(points.shape[0])
        leader = HeldAction(self.actions(points))
        return play(self.game, {**self.agents, self.leader: leader, self.follower: follower}, key)

    def upper(self, points: Tensor, responses: Tensor) -> Tensor:
        """Return the leader's returns ``[C]`` if followers hold ``responses``."""
        return self.play(points, self._held(responses)).returns[self.leader].mean(-1)

    def lower(self, points: Tensor, responses: Tensor) -> Tensor:
        """Return the sum of the followers' returns, ``[C]``."""
        return self.payoffs(points, responses).sum(-1)

    def payoffs(self, points: Tensor, responses: Tensor) -> Tensor:
        """Return the return of each follower, ``[C, players]``."""
        return self.play(points, self._held(responses)).returns[self.follower]

    def first_move(self, points: Tensor) -> tuple[Observation, Tensor]:
        """Return the followers' observation and action, in units of the game, at the first step at which they act."""
        first = _FirstMove(self.agents[self.follower])
        self.play(points, first)
        if first.observation is None or first.action is None:
            raise UserError(f"planner: kind hypergradient: no player of role {self.follower} acts during the episode")
        return first.observation, first.action

    def answers(self, points: Tensor) -> Tensor:
        """Return the first responses ``[C, N]`` of the followers' agent under each of the points."""
        with torch.no_grad():
            return self.scaled(self.first_move(points)[1].double())

    def scaled(self, actions: Tensor) -> Tensor:
        """Convert actions ``[C, players, *shape]`` to responses ``[C, N]``."""
        box = self._follower_box()
        return ((actions - box.low) / (box.high - box.low)).flatten(1)

    def _held(self, responses: Tensor) -> HeldAction:
        """Return an agent that holds the responses ``[C, N]``."""
        box = self._follower_box()
        return HeldAction((box.low + (box.high - box.low) * responses).reshape(-1, self.role.count, *box.shape))

    def _follower_box(self) -> Box:
        box = self.role.action
        if not isinstance(box, Box) or not (abs(box.low) < float("inf") and abs(box.high) < float("inf")):
            raise UserError(
                f"planner.method: this method needs bounded real-valued actions of role {self.follower}; use"
                " planner.method=entropy_regularised"
            )
        return box
