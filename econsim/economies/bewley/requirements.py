"""Requirements of play that depend on what a policy and households do, and are the user's to meet."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.errors import UserError

__all__ = ["NO_CAPITAL", "require"]

NO_CAPITAL = (
    "bewley: no household of a sample owns anything, or households own no more than public debt, so that nothing is"
    " produced; raise economy.households or lower economy.budget.debt"
)


def require(condition: Tensor, message: str) -> None:
    """Stop play unless ``condition`` ``[...]`` holds everywhere.

    Raises:
        UserError: it does not hold. On a GPU and in compiled graphs, a ``RuntimeError`` with the same message follows.
    """
    if condition.device.type != "cpu" or torch.compiler.is_compiling():
        torch._assert_async(condition.all(), message)
    elif not condition.all():
        raise UserError(message)
