"""One step of the endogenous grid method, by kernels or by arrays."""

from __future__ import annotations

from functools import cache
from types import ModuleType

import numpy as np

from econsim.households.chains import Floats
from econsim.households.problem import Budget, Household
from econsim.kernels import numba_version

__all__ = ["EulerStep", "method"]


@cache
def method() -> ModuleType:
    """Return the module that does the work: kernels where numba is installed, otherwise arrays of numpy."""
    if numba_version() is None:
        from econsim.households import _arrays

        return _arrays
    from econsim.households import _kernels

    return _kernels


class EulerStep:
    """One step of the method, with its memory: a function of consumption ``[S * G]``."""

    def __init__(self, household: Household, budget: Budget, following: Budget | None = None) -> None:
        """``following`` is the budget of the next period; by default the same."""
        chain, labour = household.chain, household.labour
        shape = chain.states, len(household.grid)
        self.household, self.budget = household, budget
        self.wages = budget.wage * chain.values
        after = following or budget
        price, kept = 1 + budget.consumption_tax, 1 - budget.progressivity
        self.scales, exponent, most = np.zeros(chain.states), 0.0, 1.0
        self.brackets = np.array(budget.brackets)  # [2, K]
        if labour is not None:
            self.scales = budget.level * kept * self.wages**kept / (price * labour.weight)
            exponent, most = 1 / (labour.curvature + budget.progressivity), labour.most
        self.numbers = np.array(
            [
                household.risk_aversion,
                household.discount * after.gross_return * price / (1 + after.consumption_tax),
                price,
                budget.level,
                kept,
                float(labour is not None),
                exponent,
                most,
                budget.gross_return,
                budget.transfer,
            ]
        )
        self.scratch = np.empty((shape[0] + 2, shape[1]))
        self.consumption, self.hours, self.assets = np.empty(shape), np.empty(shape), np.empty(shape)
        self.euler_step = method().euler_step

    def __call__(self, consumption: Floats) -> Floats:
        """Return consumption ``[S * G]`` of this period, given that of the next one."""
        self.euler_step(
            consumption.reshape(self.consumption.shape),
            self.household.chain.transition,
            self.household.grid,
            self.wages,
            self.scales,
            self.numbers,
            self.brackets,
            self.scratch,
            self.consumption,
            self.hours,
            self.assets,
        )
        return self.consumption.ravel().copy()

    def first_guess(self) -> Floats:
        """Return consumption of all income and a tenth of assets beyond the borrowing limit."""
        chain, grid, budget = self.household.chain, self.household.grid, self.budget
        hours = np.full(chain.states, 1.0 if self.household.labour is None else 0.5 * self.household.labour.most)
        income = budget.net_earnings(chain.values, hours)[:, None] + budget.transfer
        interest = np.maximum((budget.gross_return - 1) * grid, (budget.gross_return - 1) * grid[0])
        guess: Floats = np.maximum(income + interest + 0.1 * (grid - grid[0]), 1e-3 * income)
        return guess / (1 + budget.consumption_tax)
