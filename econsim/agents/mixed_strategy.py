"""Mixed strategy: every player draws one of its options with fixed probabilities, regardless of its observation.

Options excluded by the action mask are never drawn. The legal options keep their relative probabilities; if all of them
have probability zero, they are drawn with equal probability.
"""

from __future__ import annotations

from typing import Annotated, Any

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.actions import check_discrete
from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.nn import Probabilities
from econsim.parameters import Model

__all__ = ["MixedStrategy", "Parameters"]

TOLERANCE = 1e-6  # of the sum, since probabilities in a scenario are rounded
SMALLEST = 1e-300  # avoids division by zero for players without any legal option, who do not act


Strategy = tuple[Annotated[float, Field(ge=0, le=1)], ...]


class Parameters(Model):
    """Parameters of a mixed strategy."""

    probabilities: Strategy | None = None
    """Probability of each option, in the order of the role's actions; they must add up to 1. None: all equal."""
    by_player: tuple[Strategy, ...] = ()
    """One list of probabilities per player of the role, in place of ``probabilities``, where they differ."""

    @model_validator(mode="after")
    def _adds_up(self) -> Parameters:
        if self.probabilities is not None and self.by_player:
            raise ValueError("expected probabilities or by_player, found both")
        for strategy in self.strategies:
            if abs(sum(strategy) - 1.0) > TOLERANCE:
                raise ValueError(f"probabilities: expected a sum of 1, found {sum(strategy):g}")
        return self

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """The strategies that are given: none, one for all players, or one per player."""
        return self.by_player if self.probabilities is None else (self.probabilities,)


class MixedStrategy:
    """Draws one of its options with the same probabilities at every step."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[str, Tensor]:
        """Return the role's name and the probabilities ``[1, A]``, or ``[N, A]`` by player, float64.

        Raises:
            UserError: the role's action is not one discrete choice, its number of options differs from ``A``, or its
                number of players from ``N``.
        """
        check_discrete(role, "mixed_strategy")
        options, strategies = role.action.mask_size, self.parameters.strategies  # type: ignore[union-attr]
        if self.parameters.by_player and len(strategies) != role.count:
            key, count = f"agents.{role.name}.by_player", len(strategies)
            raise UserError(f"{key}: expected {role.count} lists, one per player, found {count}")
        for strategy in strategies:
            if len(strategy) != options:
                key, count = f"agents.{role.name}.probabilities", len(strategy)
                raise UserError(f"{key}: expected {options} numbers, one per option, found {count}")
        weights = torch.tensor(strategies or [[1.0] * options], dtype=torch.float64, device=game.device)
        return role.name, weights / weights.sum(-1, keepdim=True)

    def act(self, observation: Observation, memory: tuple[str, Tensor], key: Tensor) -> tuple[Tensor, Any]:
        """Draw options ``[B, N]``."""
        distribution, _ = self.policy(observation, memory)
        return random.categorical(key, 0, f"mixed_strategy/{memory[0]}", distribution.probabilities.log()), memory

    def policy(self, observation: Observation, memory: tuple[str, Tensor]) -> tuple[Probabilities, tuple[str, Tensor]]:
        """Return the probabilities, ``[B, N, A]``."""
        unmasked = memory[1].expand(*observation.alive.shape, -1)
        if observation.action_mask is None:
            return Probabilities(unmasked), memory
        legal = unmasked * observation.action_mask
        legal = torch.where(legal.sum(-1, keepdim=True) > 0, legal, observation.action_mask.double())
        return Probabilities(legal / legal.sum(-1, keepdim=True).clamp(min=SMALLEST)), memory
