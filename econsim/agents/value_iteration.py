"""Value iteration: players who know the game and choose what is best for them, given the announced payments.

Every player solves its own decision problem, without limit of time, and draws options with the softly optimal
probabilities of :func:`econsim.markov.soft_policy`. The game must list the problem, as ``four_rooms`` does; a planner's
payments count as announced, as if its budget always sufficed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.acceleration import known
from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.markov import DecisionGame, Decisions, soft_policy
from econsim.nn import Probabilities
from econsim.parameters import Model

__all__ = ["Parameters", "ValueIteration"]

REFERENCES = (
    "@inproceedings{thoma2024contextual, title={Contextual Bilevel Reinforcement Learning for Incentive Alignment}, "
    "author={Thoma, Vinzenz and P{\\'a}sztor, Barna and Krause, Andreas and Ramponi, Giorgia and Hu, Yifan}, "
    "booktitle={Advances in Neural Information Processing Systems}, year={2024}}",
)


class Parameters(Model):
    """Parameters of value iteration."""

    temperature: float = Field(default=0.005, gt=0)
    """Loss of value at which players hardly care between two options, in units of rewards: options that are worth much
    more than this below the best one are hardly ever chosen."""


class Player(NamedTuple):
    """What the agent keeps during an episode: the game and the name of its role."""

    game: DecisionGame
    role: str


class ValueIteration:
    """Draws options with softly optimal probabilities."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self._solved: tuple[DecisionGame, Tensor, Tensor] | None = None  # a game, rewards and policy [B, S, A]

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Player:
        """Return the game and the name of the role.

        Raises:
            UserError: the game does not list the decision problem of a single player.
        """
        if not isinstance(game, DecisionGame):
            problem = f"{type(game).__name__} lists no decision problems of its players; use four_rooms"
            raise UserError(f"agents.{role.name}: value_iteration: {problem}")
        return Player(game, role.name)

    def act(self, observation: Observation, memory: Player, key: Tensor) -> tuple[Tensor, Player]:
        """Draw options ``[B, N]``; zeros in a step in which no player acts, such as an announcement."""
        if known(~observation.acting.any()):
            return torch.zeros(observation.acting.shape, dtype=torch.int64, device=key.device), memory
        distribution, _ = self.policy(observation, memory)
        return random.categorical(key, 0, f"value_iteration/{memory.role}", distribution.probabilities.log()), memory

    def policy(self, observation: Observation, memory: Player) -> tuple[Probabilities, Player]:
        """Return the probabilities, ``[B, N, A]``."""
        problem = memory.game.decisions(memory.role, observation)
        policy = self._policy(memory.game, problem)
        copies = torch.arange(len(policy), device=policy.device)[:, None]
        return Probabilities(policy[copies, problem.state]), memory

    def _policy(self, game: DecisionGame, problem: Decisions) -> Tensor:
        """Return the softly optimal policy, ``[B, S, A]``, which is solved anew only where payments have changed."""
        if self._solved is None or self._solved[0] is not game or not torch.equal(self._solved[1], problem.rewards):
            self._solved = game, problem.rewards, soft_policy(problem, self.parameters.temperature)
        return self._solved[2]
