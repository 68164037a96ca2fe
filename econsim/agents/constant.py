"""Constant action: every player takes the same given action in every step; a benchmark for learned policies."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from econsim.actions import given_action
from econsim.game import Game, Role
from econsim.parameters import Model
from econsim.play import ConstantPolicy

__all__ = ["Constant", "Parameters"]


class Parameters(Model):
    """Parameters of a constant action."""

    action: float | tuple[float, ...]
    """The action: one number per entry, or one for all entries; options are given by index from 0."""


class Constant(ConstantPolicy):
    """Takes the given action."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the action ``[*shape]``; raises ``UserError`` if the role has no such action."""
        numbers = torch.tensor(self.parameters.action, dtype=torch.float64)
        return given_action(numbers, role, f"agents.{role.name}.action")
