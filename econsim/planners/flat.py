"""Flat tax: the same marginal tax rate in every bracket."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.actions import tax_thresholds
from econsim.game import Game, Role
from econsim.parameters import Model
from econsim.play import ConstantPolicy

__all__ = ["Flat", "Parameters"]


class Parameters(Model):
    """Parameters of the flat tax."""

    rate: float = Field(0.5, ge=0, le=1)
    """Marginal tax rate on all income."""


class Flat(ConstantPolicy):
    """Announces the same rate for all brackets."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the rates ``[K]``; raises ``UserError`` if the role does not set tax brackets."""
        return torch.full_like(tax_thresholds(game, role, "flat"), self.parameters.rate)
