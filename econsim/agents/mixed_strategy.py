"""Mixed strategy: every player draws one of its options with written probabilities, whatever it sees.

Options that a mask forbids are never drawn; the others keep their relative probabilities, and are equally likely where
none of them had any.
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

TOLERANCE = 1e-6  # of the sum: written probabilities are rounded
SMALLEST = 1e-300  # for players without any legal option, who do not act


class Parameters(Model):
    """Parameters of a mixed strategy."""

    probabilities: tuple[Annotated[float, Field(ge=0, le=1)], ...] | None = None
    """Probability of each option, in the order of the role's actions; they add up to one. None: all equal."""

    @model_validator(mode="after")
    def _adds_up(self) -> Parameters:
        if self.probabilities is not None and abs(sum(self.probabilities) - 1.0) > TOLERANCE:
            raise ValueError(f"probabilities: expected numbers that add up to 1, found {sum(self.probabilities):g}")
        return self


class MixedStrategy:
    """Draws one of its options with the same probabilities at every step."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[str, Tensor]:
        """Return the role's name and the probabilities ``[A]``, float64.

        Raises:
            UserError: the role's actions are not one discrete choice, or have another number of options.
        """
        check_discrete(role, "mixed_strategy")
        options, given = role.action.mask_size, self.parameters.probabilities  # type: ignore[union-attr]
        if given is not None and len(given) != options:
            raise UserError(f"agents.{role.name}: {len(given)} probabilities are given for {options} options")
        weights = torch.tensor(given or [1.0] * options, dtype=torch.float64, device=game.device)
        return role.name, weights / weights.sum()

    def act(self, observation: Observation, memory: tuple[str, Tensor], key: Tensor) -> tuple[Tensor, Any]:
        """Return drawn options ``[B, N]``."""
        distribution, _ = self.policy(observation, memory)
        return random.categorical(key, 0, f"mixed_strategy/{memory[0]}", distribution.probabilities.log()), memory

    def policy(self, observation: Observation, memory: tuple[str, Tensor]) -> tuple[Probabilities, tuple[str, Tensor]]:
        """Return the probabilities, ``[B, N, A]``."""
        every = memory[1].expand(*observation.alive.shape, -1)
        if observation.action_mask is None:
            return Probabilities(every), memory
        legal = every * observation.action_mask
        legal = torch.where(legal.sum(-1, keepdim=True) > 0, legal, observation.action_mask.double())
        return Probabilities(legal / legal.sum(-1, keepdim=True).clamp(min=SMALLEST)), memory
