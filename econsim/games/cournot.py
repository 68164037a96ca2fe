"""Cournot competition: firms choose quantities of one good at the same time, and the market sets the price.

State
    The quantity of each firm, as the index of a level ``[B, N]`` (-1 before the round), and time.

Actions
    Role ``firm``: one of ``levels`` quantities, equally spaced from 0 to ``most``.

Observations
    ``round``: 0 before the round and 1 after it. Firms observe nothing else before they choose.

Dynamics
    One round: the price is ``max(0, intercept - slope * sum(q))``; then the game ends by its own rule.

Rewards
    Profit ``(price - cost) * q_i``, in coin.

Conservation
    No quantity is conserved. The game has no accounts; profits are returns.

Calibration
    None: textbook parameters, for which the equilibrium of two firms is on the grid.

Checks
    Closed forms: in equilibrium each of ``N`` firms produces ``(intercept - cost) / (slope (N + 1))`` and earns
    ``slope`` times its square; a cartel produces half of ``(intercept - cost) / slope`` in all. Choices on a grid can
    have further equilibria, one step from that of the continuous game.

References:
    Cournot (1838); Tirole (1988), *The Theory of Industrial Organization*, section 5.4.
"""

from __future__ import annotations

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.games._one_round import OneRound, check_profiles
from econsim.parameters import Model

__all__ = ["Cournot", "Parameters"]

REFERENCES = (
    "@book{tirole1988theory, title={The Theory of Industrial Organization}, author={Tirole, Jean}, publisher={MIT "
    "Press}, year={1988}}",
)


class Parameters(Model):
    """Parameters of Cournot competition."""

    firms: int = Field(default=2, ge=1)
    """Number of firms."""
    levels: int = Field(default=13, ge=2)
    """Number of quantities to choose from, equally spaced from 0 to ``most``."""
    most: float = Field(default=60.0, gt=0)
    """The largest quantity of a firm, in units of the good."""
    intercept: float = Field(default=100.0, gt=0)
    """The price at which nothing is demanded, in coin per unit."""
    slope: float = Field(default=1.0, gt=0)
    """By how much the price falls per unit sold, in coin per unit squared."""
    cost: float = Field(default=10.0, ge=0)
    """Marginal cost of every firm, in coin per unit."""

    @model_validator(mode="after")
    def _can_be_listed(self) -> Parameters:
        check_profiles(self.levels, self.firms)
        return self


class Cournot(OneRound):
    """Cournot competition of one round; the module docstring describes it."""

    unit = "coin"

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        quantities = [parameters.most * level / (parameters.levels - 1) for level in range(parameters.levels)]
        labels = tuple(f"{quantity:g}" for quantity in quantities)
        super().__init__("firm", parameters.firms, labels, "units of the good")
        names = ("intercept", "slope", "cost")
        self.parameters = {name: torch.tensor(getattr(parameters, name), dtype=torch.float64) for name in names}

    def payoffs(self, choices: Tensor) -> Tensor:
        """Return profits, in coin, float64 ``[B, N]``."""
        quantities = choices.double() * self.settings.most / (self.settings.levels - 1)
        price = (self.number("intercept") - self.number("slope") * quantities.sum(1, keepdim=True)).clamp(min=0.0)
        return (price - self.number("cost")) * quantities
