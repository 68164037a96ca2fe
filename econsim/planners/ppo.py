"""Neural planner: an actor-critic that announces, trained by proximal policy optimisation from the rates in force."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor

from econsim.actions import tax_thresholds
from econsim.game import Box, Game, Role, StatusQuo
from econsim.nn.agent import NeuralAgent, PolicyParameters

__all__ = ["Parameters", "Ppo"]

REFERENCES = (
    "@article{schulman2017ppo, title={Proximal Policy Optimization Algorithms}, author={Schulman, John and Wolski, "
    "Filip and Dhariwal, Prafulla and Radford, Alec and Klimov, Oleg}, journal={arXiv:1707.06347}, year={2017}}",
)


class Parameters(PolicyParameters):
    """Parameters of the neural planner."""

    start: tuple[float, ...] | float | Literal["status_quo"] | None = "status_quo"
    """Action that training begins with: one number an entry, or one for all; what is in force before the planner acts,
    in games that know it; or none, the middle of the range."""
    real_rates: bool = False
    """Announce real-valued rates where the game offers a list of rates for each bracket. Options have no order for a
    mind, rates have: it takes far fewer tries to learn that less is better."""


class Ppo(NeuralAgent):
    """The one player of a leading role."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.parameters = parameters

    def first_action(self, game: Game[Any], role: Role) -> Tensor | None:
        """Return the action to begin with, ``[*shape]``."""
        match self.parameters.start:
            case None:
                return None
            case "status_quo":
                return game.status_quo(role.name) if isinstance(game, StatusQuo) else None
            case float(same):
                return torch.full(self.as_it_acts(game, role).action.shape, same, dtype=torch.float64)
            case given:
                return torch.tensor(given, dtype=torch.float64)

    def as_it_acts(self, game: Game[Any], role: Role) -> Role:
        """Return the role with rates instead of options where the mind announces real-valued rates.

        Raises:
            UserError: they are asked for in a game without tax brackets.
        """
        if not self.parameters.real_rates or isinstance(role.action, Box):
            return role
        thresholds = tax_thresholds(game, role, "ppo with real_rates")
        return replace(role, action=Box(0.0, 1.0, tuple(thresholds.shape)))
