r"""Optimal consumption, hours and saving at constant prices, by the endogenous grid method.

The Euler equation gives consumption at every level of assets in the next period, and the budget the assets of this
period from which it is reached; hours follow from $W e \, (1 - T'(W e h)) \, u'(c) / (1 + \\tau_c) = v'(h)$.

Sources: Carroll (2006); Barillas and Fernández-Villaverde (2007) for the choice of hours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.fixed_points import fixed_point
from econsim.households.problem import Budget, Household
from econsim.kernels import numba_version

__all__ = ["Policy", "backward_step", "best_policy", "method"]

LIMIT = 5000
"""The largest number of iterations."""
_SMALL = 100  # grid points


@dataclass(frozen=True)
class Policy:
    """Optimal choices by productivity and assets, each ``[S, G]``, per period.

    consumption: in units of output.
    hours: a share of the time endowment; one where labour is no choice.
    assets: at the start of the next period.
    residual: the largest difference of consumption between the last two iterations.
    iterations: their number.
    """

    consumption: Floats
    hours: Floats
    assets: Floats
    residual: float = 0.0
    iterations: int = 0


@cache
def method() -> ModuleType:
    """Return the module that does the work: kernels where numba is installed, otherwise arrays of numpy."""
    if numba_version() is None:
        from econsim.households import _arrays

        return _arrays
    from econsim.households import _kernels

    return _kernels


def backward_step(household: Household, budget: Budget, consumption: Floats) -> Policy:
    """Return the best choices of one period, given ``consumption`` ``[S, G]`` in the next one."""
    step = _Step(household, budget)
    step(consumption.ravel())
    return Policy(step.consumption, step.hours, step.assets)


def best_policy(household: Household, budget: Budget, start: Floats | None = None, tolerance: float = 1e-11) -> Policy:
    """Return the optimal stationary policy; ``start`` is a guess of consumption, ``[S, G]``.

    Raises:
        UserError: the budget allows no stationary policy (:meth:`Budget.check`), or the iteration does not converge;
            the message gives the residual.
    """
    budget.check(household)
    step = _Step(household, budget)
    first = _first_guess(household, budget, step) if start is None else start
    scale = float(first[0, 0])  # the lowest consumption, so that the unit of output does not matter
    solved = fixed_point(
        lambda point: step(point * scale) / scale, (first / scale).ravel(), tolerance, LIMIT, _positive
    )
    if not solved.residual <= tolerance:
        raise UserError(
            f"the household's policy did not converge: after {solved.iterations} iterations consumption still changes"
            f" by {solved.residual:.2g} (tolerance {tolerance:g}); lower the discount factor or the return on assets"
        )
    return Policy(step.consumption, step.hours, step.assets, solved.residual, solved.iterations)


def _first_guess(household: Household, budget: Budget, step: _Step) -> Floats:
    """Return the policy on every fourth grid point, interpolated; on a small grid, a simple rule."""
    grid = household.grid
    if len(grid) < _SMALL:
        return step.first_guess()
    coarse = np.append(grid[:-1:4], grid[-1])
    policy = best_policy(replace(household, grid=coarse), budget, tolerance=1e-6)
    return np.stack([np.interp(grid, coarse, row) for row in policy.consumption])


def _positive(consumption: Floats) -> bool:
    return bool(consumption.min() > 0)


class _Step:
    """One step of the method, with its memory: a function of consumption ``[S * G]``."""

    def __init__(self, household: Household, budget: Budget) -> None:
        chain, labour = household.chain, household.labour
        shape = chain.states, len(household.grid)
        self.household, self.budget = household, budget
        self.wages = budget.wage * chain.values
        price, kept = 1 + budget.consumption_tax, 1 - budget.progressivity
        self.scales, exponent, most = np.zeros(chain.states), 0.0, 1.0
        if labour is not None:
            self.scales = budget.level * kept * self.wages**kept / (price * labour.weight)
            exponent, most = 1 / (labour.curvature + budget.progressivity), labour.most
        self.numbers = np.array(
            [
                household.risk_aversion,
                household.discount * budget.gross_return,
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
        self.euler_step(
            consumption.reshape(self.consumption.shape),
            self.household.chain.transition,
            self.household.grid,
            self.wages,
            self.scales,
            self.numbers,
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
