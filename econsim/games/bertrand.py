"""Bertrand competition: firms set prices of one good at the same time, and buyers go to the cheapest.

State
    The price of each firm, as the index of a level ``[B, N]`` (-1 before the round), and time.

Actions
    Role ``firm``: one of ``levels`` prices, equally spaced from 0 to ``highest``.

Observations
    ``round``: 0 before the round and 1 after it. Firms observe nothing else before they choose.

Dynamics
    One round: ``max(0, intercept - slope * p)`` units are demanded at the lowest price ``p``; firms that share it share
    the demand equally. Then the game ends by its own rule.

Rewards
    Profit ``(price - cost) * units sold``, in coin.

Conservation
    No quantity is conserved. The game has no accounts; profits are returns.

Calibration
    None: textbook parameters, for which the marginal cost is on the grid.

Checks
    Closed forms: with continuous prices, the only equilibrium price of two or more firms is marginal cost, and profits
    are zero. On the grid, marginal cost is an equilibrium, and one step above it is another one; no pair of higher
    prices is. A monopolist asks for ``(intercept / slope + cost) / 2``.

References:
    Bertrand (1883); Tirole (1988), *The Theory of Industrial Organization*, section 5.1.
"""

from __future__ import annotations

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.games._one_round import OneRound, check_profiles
from econsim.parameters import Model

__all__ = ["Bertrand", "Parameters"]

REFERENCES = (
    "@book{tirole1988theory, title={The Theory of Industrial Organization}, author={Tirole, Jean}, publisher={MIT "
    "Press}, year={1988}}",
)


class Parameters(Model):
    """Parameters of Bertrand competition."""

    firms: int = Field(default=2, ge=1)
    """Number of firms."""
    levels: int = Field(default=13, ge=2)
    """Number of prices to choose from, equally spaced from 0 to ``highest``."""
    highest: float = Field(default=60.0, gt=0)
    """The highest price, in coin per unit."""
    intercept: float = Field(default=100.0, gt=0)
    """Units demanded at a price of zero."""
    slope: float = Field(default=1.0, gt=0)
    """By how much demand falls as the price rises, in units per coin per unit."""
    cost: float = Field(default=10.0, ge=0)
    """Marginal cost of every firm, in coin per unit."""

    @model_validator(mode="after")
    def _can_be_listed(self) -> Parameters:
        check_profiles(self.levels, self.firms)
        return self


class Bertrand(OneRound):
    """Bertrand competition of one round; the module docstring describes it."""

    unit = "coin"

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        prices = [parameters.highest * level / (parameters.levels - 1) for level in range(parameters.levels)]
        super().__init__("firm", parameters.firms, tuple(f"{price:g}" for price in prices), "coin per unit")
        names = ("intercept", "slope", "cost")
        self.parameters = {name: torch.tensor(getattr(parameters, name), dtype=torch.float64) for name in names}

    def payoffs(self, choices: Tensor) -> Tensor:
        """Return profits, in coin, float64 ``[B, N]``."""
        prices = choices.double() * self.settings.highest / (self.settings.levels - 1)
        lowest = prices.amin(1, keepdim=True)
        sells = prices == lowest
        demand = (self.number("intercept") - self.number("slope") * lowest).clamp(min=0.0)
        return torch.where(sells, (lowest - self.number("cost")) * demand / sells.sum(1, keepdim=True), 0.0)
