"""Exact household: consumption, hours and saving under the policy in force, in equilibrium or on the path to it.

Each household solves its dynamic programme at the prices, taxes and transfer that it expects under the policy that it
observes. With ``expects: equilibrium`` they are those of the stationary equilibrium: the household is exact where the
economy is in that equilibrium, and behaves from the first period after a reform as it will in the new one. With
``expects: path`` they are those of the transition from the last equilibrium, or from where an earlier transition has
come, to the new one: a policy is a surprise in the period in which it comes into force, and is expected to stay. The
game solves the programme (:class:`econsim.households.protocols.HasExactHouseholds`).
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.households.protocols import HasExactHouseholds
from econsim.parameters import Model

__all__ = ["ExactHousehold", "Parameters"]


class Parameters(Model):
    """Parameters of the exact household."""

    expects: Literal["equilibrium", "path"] = "equilibrium"
    """Prices that it expects: those of the stationary ``equilibrium`` under the policy in force, or those of the
    ``path`` to it, which takes seconds to find for each policy."""


class Memory(NamedTuple):
    """The game, the role, and, where the path is expected, what all observed in every period so far, ``[B, G]``."""

    game: HasExactHouseholds
    role: Role
    seen: tuple[Tensor, ...] = ()


class ExactHousehold:
    """Plays the optimal policy at the prices that it expects."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Store the game in the memory; raises ``UserError`` if the game does not solve the problem of households."""
        if not isinstance(game, HasExactHouseholds):
            raise UserError(
                f"agents.{role.name}: kind exact_household needs a game that solves the problem of households"
                f" (exact_actions), such as bewley; {type(game).__name__} does not"
            )
        return Memory(game, role)

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return the optimal actions ``[B, N, *shape]``."""
        if self.parameters.expects == "equilibrium":
            return memory.game.exact_actions(memory.role.name, observation), memory
        assert observation.shared is not None
        memory = memory._replace(seen=(*memory.seen, observation.shared))
        return memory.game.path_actions(memory.role.name, observation, torch.stack(memory.seen, 1)), memory
