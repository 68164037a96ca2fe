"""Neural workers: one shared actor-critic for all players of the role, trained by proximal policy optimisation."""

from __future__ import annotations

from typing import Any

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

    Wide enough to see across the range: where marginal rates fall with income a worker has two locally best amounts of
    work, and a narrow search stays at the wrong one, which a learning planner then exploits."""


class Ppo(NeuralAgent):
    """Players of a following role; they begin in the middle of their action's range."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.parameters = parameters

    def first_action(self, game: Game[Any], role: Role) -> Tensor | None:
        """Return ``None``."""
        return None
