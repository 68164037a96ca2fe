"""Flat tax: the same marginal tax rate in every bracket."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.actions import check_rates, tax_thresholds
from econsim.economics import LOWEST_RATE, GivenRate
from econsim.game import Game, Role
from econsim.parameters import Model
from econsim.play import ConstantPolicy

__all__ = ["Flat", "Parameters"]


class Parameters(Model):
    """Parameters of the flat tax."""

    rate: Annotated[float, GivenRate()] = Field(0.5, ge=LOWEST_RATE, le=1)
    """Marginal tax rate on all income; a negative rate needs an economy that allows it (``economy.lowest_rate``)."""


class Flat(ConstantPolicy):
    """Announces the same rate for all brackets."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the rates ``[K]``.

        Raises:
            UserError: the role does not set tax brackets, or the rate is below the lowest rate of the game.
        """
        rates = torch.full_like(tax_thresholds(game, role, "flat"), self.parameters.rate)
        check_rates(rates, game, role, "planner.rate")
        return rates
