"""Schedules with brackets, set as the closest log-linear tax where a leader sets such a tax on labour income."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from econsim.economics import SetsLogLinearTax
from econsim.mechanisms.log_linear import log_linear_fit
from econsim.mechanisms.saez import bracket_schedule
from econsim.mechanisms.taxes import brackets_tax

__all__ = ["closest_action", "saez_action"]

_THRESHOLDS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Brackets of Saez's schedule, multiples of mean income."""


def closest_action(
    game: SetsLogLinearTax, action: Tensor | None, thresholds: Tensor, rates: Tensor, deduction: float = 0.0
) -> Tensor:
    """Return the action that is closest to a schedule, at the labour incomes under ``action``.

    Args:
        game: the game.
        action: in force where incomes are taken; ``None``: the policy before the leader acts.
        thresholds: ``[K]`` of taxable income, multiples of mean income.
        rates: ``[K]``, marginal rates.
        deduction: what is not taxed, a multiple of mean income.
    """
    found = game.labour_incomes(action)
    income = torch.from_numpy(found.income)
    tax = brackets_tax((income - deduction).clamp(min=0.0), thresholds.double(), rates.double())
    net = (income - tax).numpy()
    kept = (net > 0) & (found.income > 0) & (found.people > 0)
    level, progressivity, _ = log_linear_fit(found.income[kept], net[kept], found.people[kept])
    return game.log_linear_action(1.0 - level, max(0.0, progressivity))


def saez_action(game: SetsLogLinearTax, action: Tensor | None, elasticity: float) -> Tensor:
    """Return the action closest to the schedule of Saez's formula at the labour incomes under ``action``."""
    found = game.labour_incomes(action)
    people = torch.from_numpy(np.asarray(found.people))
    weights = people * torch.from_numpy(found.social_weight)
    thresholds = torch.tensor(_THRESHOLDS, dtype=torch.float64)
    rates = bracket_schedule(torch.from_numpy(found.income), thresholds, elasticity, weights, people)
    return closest_action(game, action, thresholds, rates)
