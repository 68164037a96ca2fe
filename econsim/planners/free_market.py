"""Free market: no intervention; all tax rates are zero if the planner sets tax brackets.

For any other instrument, the action is zero: the number zero in every entry of a real-valued action, whose range must
contain it, or the first option (index 0) of a discrete action.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from econsim.actions import check_instruments, check_leads, sets_tax_brackets
from econsim.errors import UserError
from econsim.game import Box, Game, Role
from econsim.parameters import Model
from econsim.play import ConstantPolicy

__all__ = ["FreeMarket", "Parameters"]


class Parameters(Model):
    """The free market has no parameters."""


class FreeMarket(ConstantPolicy):
    """Announces zero in every entry of the leader's action."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return zeros ``[*shape]``: real numbers, or indices of options that do not represent tax rates.

        Raises:
            UserError: the role is not a leader, or its action cannot be zero.
        """
        check_leads(role, "free_market")
        box, shape = role.action, role.action.shape
        if isinstance(box, Box) and not box.low <= 0.0 <= box.high:
            raise UserError(
                f"planner: kind free_market sets every entry to zero, but actions of role {role.name} range from"
                f" {box.low:g} to {box.high:g}; give another action with kind fixed"
            )
        real = isinstance(box, Box) or sets_tax_brackets(game, role)
        return check_instruments(torch.zeros(shape, dtype=torch.float64 if real else torch.int64), game, role)
