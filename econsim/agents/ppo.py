"""Neural workers: one actor-critic shared by all players of the role, trained by proximal policy optimisation."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.game import Game, Role
from econsim.nn.agent import NeuralAgent, PolicyParameters

__all__ = ["Parameters", "Ppo"]

REFERENCES = (
    "@article{schulman2017ppo, title={Proximal Policy Optimization Algorithms}, author={Schulman, John and Wolski, "
    "Filip and Dhariwal, Prafulla and Radford, Alec and Klimov, Oleg}, journal={arXiv:1707.06347}, year={2017}}",
)


class Parameters(PolicyParameters):
    """Parameters of the neural workers."""

    initial_exploration: float = Field(default=0.0, ge=-5, le=2)
    """Log standard deviation of real-valued actions at the start of training, before they are squashed into bounds.

    It should be large enough to explore the whole range. Where marginal tax rates fall with income, a worker has two
    local optima; with little exploration it can stay at the worse one, and a learning planner then exploits that."""
    start: tuple[float, ...] | None = None
    """Real-valued action with which training begins, one number per entry; none, the middle of the range."""


class Ppo(NeuralAgent):
    """Players of a following role; their policy is initialised at a given action or in the middle of the range."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.parameters = parameters

    def first_action(self, game: Game[Any], role: Role) -> Tensor | None:
        """Return the action with which training begins, ``[*shape]``; ``None`` for the middle of the range."""
        start = self.parameters.start
        return None if start is None else torch.tensor(start, dtype=torch.float64)
