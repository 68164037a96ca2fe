"""Exact household: consumption, hours and saving of the stationary equilibrium under the policy in force.

Each household solves its dynamic programme at the prices, taxes and transfer of the stationary equilibrium under the
policy that it observes. It is exact where the economy is in that equilibrium; after a reform, households behave from
the first period as they will in the new one. The game solves the programme
(:class:`econsim.households.protocols.SolvesHouseholds`).
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.households.protocols import SolvesHouseholds
from econsim.parameters import Model

__all__ = ["ExactHousehold", "Parameters"]


class Parameters(Model):
    """The exact household has no parameters."""


class ExactHousehold:
    """Plays the optimal policy of the stationary equilibrium."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[SolvesHouseholds, Role]:
        """Store the game in the memory; raises ``UserError`` if the game does not solve the problem of households."""
        if not isinstance(game, SolvesHouseholds):
            raise UserError(
                f"agents.{role.name}: kind exact_household needs a game that solves the problem of households"
                f" (exact_actions), such as bewley; {type(game).__name__} does not"
            )
        return game, role

    def act(self, observation: Observation, memory: tuple[SolvesHouseholds, Role], key: Tensor) -> tuple[Tensor, Any]:
        """Return the optimal actions ``[B, N, *shape]``."""
        game, role = memory
        return game.exact_actions(role.name, observation), memory
