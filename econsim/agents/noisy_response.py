"""Noisy best response: a logit over the values of choices, with a rationality parameter.

Source: McKelvey and Palfrey 1995, equation 4, with the value of each choice computed at the observed actions of others.
"""

from __future__ import annotations

from typing import Any, cast

from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.actions import action_of_choice, check_discrete, solvable
from econsim.game import Game, Observation, Role, Solvable
from econsim.nn import Probabilities
from econsim.parameters import Model

__all__ = ["NoisyResponse", "Parameters"]

REFERENCES = (
    "@article{mckelvey1995quantal, title={Quantal Response Equilibria for Normal Form Games}, "
    "author={McKelvey, Richard D. and Palfrey, Thomas R.}, journal={Games and Economic Behavior}, volume={10}, "
    "number={1}, pages={6--38}, year={1995}}",
)


class Parameters(Model):
    """Parameters of the noisy response."""

    rationality: float = Field(100.0, ge=0)
    """Log-odds per unit of reward; 0 is uniformly random play. In ``one_step`` the unit of reward is the worker's own
    income at 40 hours."""


class NoisyResponse:
    """Draws choice ``a`` with probability proportional to ``exp(rationality * value(a))``."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Solvable, Role]:
        """Store the game in the memory; raises ``UserError`` if the game does not compute the values of choices."""
        return solvable(game, role, "noisy_response"), role

    def act(self, observation: Observation, memory: tuple[Solvable, Role], key: Tensor) -> tuple[Tensor, Any]:
        """Draw actions ``[B, N]``."""
        game, role = memory
        index = random.categorical(key, 0, f"noisy_response/{role.name}", self._logits(observation, memory))
        return action_of_choice(index, cast(Game[Any], game), role), memory

    def policy(
        self, observation: Observation, memory: tuple[Solvable, Role]
    ) -> tuple[Probabilities, tuple[Solvable, Role]]:
        """Return the probabilities of choices, ``[B, N, A]``; raises ``UserError`` for real-valued actions."""
        check_discrete(memory[1], "noisy_response")
        return Probabilities(self._logits(observation, memory).softmax(-1)), memory

    def _logits(self, observation: Observation, memory: tuple[Solvable, Role]) -> Tensor:
        game, role = memory
        return self.parameters.rationality * game.choice_values(role.name, observation)
