"""Taxes on labour income of other forms: the labour incomes that they meet, and the closest log-linear tax."""

from __future__ import annotations

from torch import Tensor

from econsim.economics import LabourIncomes
from econsim.economies.bewley import exact
from econsim.economies.bewley.parameters import Parameters, changed_policy
from econsim.errors import UserError

__all__ = ["check_instruments", "labour_incomes", "log_linear_action"]

_SET = ("labour_tax", "progressivity")


def check_instruments(parameters: Parameters) -> None:
    """Check that the government sets a log-linear tax on labour income; raises ``UserError`` otherwise."""
    for name in _SET:
        if name not in parameters.instruments:
            raise UserError(f"economy.instruments: a schedule of labour taxes needs {name}; add it to the list")


def labour_incomes(parameters: Parameters, action: Tensor) -> LabourIncomes:
    """Return labour incomes in the stationary equilibrium under an action, one entry per instrument."""
    changes = dict(zip(parameters.instruments, (round(value, 6) for value in action.tolist()), strict=True))
    solved = exact.equilibrium_of(parameters, changed_policy(parameters.status_quo, changes))
    earned = exact.household_of(parameters).chain.values[:, None] * solved.policy.hours
    people, weight = solved.distribution, solved.policy.consumption**-parameters.risk_aversion
    mean = (people * earned).sum()
    return LabourIncomes((earned / mean).ravel(), people.ravel(), weight.ravel())


def log_linear_action(parameters: Parameters, before: Tensor, average_rate: float, progressivity: float) -> Tensor:
    """Return the action ``before`` with another tax on labour income.

    Raises:
        UserError: the government does not set such a tax, or a value is out of its range.
    """
    check_instruments(parameters)
    action, highest = before.clone(), parameters.highest_rate
    for name, value in zip(_SET, (average_rate, progressivity), strict=True):
        if not 0 <= value <= highest:
            raise UserError(f"economy.highest_rate: the schedule has {name} {value:.3g}, outside of 0 to {highest:g}")
        action[parameters.instruments.index(name)] = value
    return action
