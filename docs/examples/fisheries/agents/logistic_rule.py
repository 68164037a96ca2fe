"""Logistic rule: a real-valued action that depends on a weighted sum of what a player sees.

The action is ``low + (high - low) * sigmoid(w . features + b)``, the same weights for all players of the role. They are
fitted by a learner, ``cross_entropy`` unless the scenario names another.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, ClassVar

from torch import Tensor

from econsim.errors import UserError
from econsim.game import Box, Game, Observation, Role
from econsim.parameters import Model

__all__ = ["LogisticRule", "Parameters"]


class Parameters(Model):
    """The logistic rule has no parameters; its weights are fitted."""


class LogisticRule:
    """Plays one action per player from weights ``[P]``, or ``[B, P]`` for others in each environment copy.

    ``P`` is the number of features and one: the last weight is the constant ``b``.
    """

    default_learner: ClassVar[str] = "cross_entropy"

    def __init__(self, parameters: Parameters) -> None:
        self.weights: Tensor | None = None

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Box, Tensor]:
        """Return the action space and the weights ``[1 | B, P]``.

        Raises:
            UserError: it is not fitted, or the role's action is not one bounded real number.
        """
        box = role.action
        if not isinstance(box, Box) or box.shape or inf in (abs(box.low), abs(box.high)):
            raise UserError(f"agents.{role.name}: kind logistic_rule sets one bounded real number, not {box}")
        if self.weights is None:
            raise UserError(f"agents.{role.name}: kind logistic_rule is not fitted; write training: cross_entropy")
        weights = self.weights if self.weights.ndim == 2 else self.weights[None]
        return box, weights.to(game.device, game.dtype)

    def act(self, observation: Observation, memory: tuple[Box, Tensor], key: Tensor) -> tuple[Tensor, Any]:
        """Return actions ``[B, N]``."""
        box, weights = memory
        score = (observation.features * weights[:, None, :-1]).sum(-1) + weights[:, -1:]
        return box.low + (box.high - box.low) * score.sigmoid(), memory

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights; empty before a fit."""
        return {} if self.weights is None else {"weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned."""
        self.weights = state.get("weights")
