"""Fixed action: every player repeats the action that the scenario gives, whatever it observes.

Options are given by index from 0, and a choice of several options, or several real numbers, as a list.
"""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Box, Discrete, Game, MultiDiscrete, Observation, Role
from econsim.parameters import Model

__all__ = ["FixedAction", "Parameters"]

Action = float | tuple[float, ...]


class Parameters(Model):
    """Parameters of a fixed action: one for all players, or a list of actions."""

    action: Action | None = None
    """The action of all players: one number for all entries of the role's action, or a list with one for each."""
    by_player: tuple[Action, ...] = Field((), max_length=100_000)
    """The actions of the first players, in place of ``action``; further players repeat them from the beginning."""

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Parameters:
        if (self.action is None) == (not self.by_player):
            raise ValueError("expected either action, the same for all players, or by_player, a list of actions")
        return self


class FixedAction:
    """Plays the given action in every step."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor:
        """Return the actions of the players, ``[N, *shape]``.

        Raises:
            UserError: an action has the wrong number of entries, or an entry is out of range or no whole number.
        """
        given = self.parameters.by_player or (self.parameters.action,)
        actions = torch.stack([_action(entry, role, f"agents.{role.name}") for entry in given])  # type: ignore[arg-type]
        repeated = actions[torch.arange(role.count) % len(actions)]
        return repeated.to(game.device, game.dtype if isinstance(role.action, Box) else torch.int64)

    def act(self, observation: Observation, memory: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return the actions of ``[B, N]`` players."""
        return memory.expand(len(key), *memory.shape), memory


def _action(given: Action, role: Role, where: str) -> Tensor:
    numbers = torch.tensor(given, dtype=torch.float64)
    shape = torch.Size(role.action.shape)
    if numbers.ndim and numbers.numel() != shape.numel():
        raise UserError(f"{where}: expected {shape.numel()} numbers for an action, found {numbers.numel()}")
    action = numbers.reshape(shape) if numbers.ndim else numbers.expand(shape)
    match role.action:
        case Box(low=low, high=high):
            lowest, highest = torch.full_like(action, low), torch.full_like(action, high)
        case Discrete(count=count):
            lowest, highest = torch.zeros_like(action), torch.full_like(action, count - 1)
        case MultiDiscrete(counts=counts):
            lowest, highest = torch.zeros_like(action), torch.tensor(counts, dtype=torch.float64) - 1
    outside = action[(action < lowest) | (action > highest)]
    if len(outside):
        raise UserError(f"{where}: {outside[0]:g} is out of range for {role.action}")
    if not isinstance(role.action, Box) and not torch.equal(action, action.round()):
        raise UserError(f"{where}: expected the indices of options, whole numbers from 0, found {given}")
    return action
