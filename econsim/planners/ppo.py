"""Neural planner: an actor-critic network, trained by proximal policy optimisation, starting at the status quo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor

from econsim.actions import lowest_rate, tax_thresholds
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
    """Action with which training begins: one number per entry, or one for all entries; ``status_quo``, the action in
    force before the planner acts, if the game defines it; or none, the middle of the range."""
    real_rates: bool = False
    """Announce real-valued tax rates in games that offer a list of rates for each bracket. The options of a discrete
    action have no order for the network, whereas real-valued rates have, so that far fewer samples are needed to learn
    that lower rates are better."""


class Ppo(NeuralAgent):
    """The one player of a leading role."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)
        self.parameters = parameters

    def first_action(self, game: Game[Any], role: Role) -> Tensor | None:
        """Return the action with which training begins, ``[*shape]``; ``None`` for the middle of the range."""
        match self.parameters.start:
            case None:
                return None
            case "status_quo":
                return game.status_quo(role.name) if isinstance(game, StatusQuo) else None
            case float(same):
                return torch.full(self.as_it_acts(game, role).action.shape, same, dtype=torch.float64)
            case entries:
                return torch.tensor(entries, dtype=torch.float64)

    def as_it_acts(self, game: Game[Any], role: Role) -> Role:
        """Return the role, with rates as its action if ``real_rates`` is set.

        Raises:
            UserError: ``real_rates`` is set, and the role does not set tax brackets.
        """
        if not self.parameters.real_rates or isinstance(role.action, Box):
            return role
        thresholds = tax_thresholds(game, role, "ppo with real_rates")
        # Real-valued rates have no options, so the labels of options are dropped.
        return replace(role, action=Box(lowest_rate(game, role), 1.0, tuple(thresholds.shape)), option_labels=())
