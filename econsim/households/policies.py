r"""Optimal consumption, hours and saving at constant prices, by the endogenous grid method.

The Euler equation gives consumption at every level of assets in the next period, and the budget the assets of this
period from which it is reached; hours follow from $W e \, (1 - T'(W e h)) \, u'(c) / (1 + \\tau_c) = v'(h)$.

Sources: Carroll (2006); Barillas and Fernández-Villaverde (2007) for the choice of hours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from econsim.errors import UserError
from econsim.households._newton import Correction
from econsim.households.chains import Floats
from econsim.households.fixed_points import FixedPoint, fixed_point
from econsim.households.problem import Budget, Household
from econsim.households.steps import EulerStep

__all__ = ["Policy", "PolicySolver", "backward_step", "best_policy", "coarser_grids"]

LIMIT = 5000
"""The largest number of iterations."""
_SMALL = 100  # grid points
_PLAIN, _CORRECTIONS = 15, 25  # iterations before the first correction, and with one


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


def backward_step(household: Household, budget: Budget, consumption: Floats) -> Policy:
    """Return the best choices of one period, given ``consumption`` ``[S, G]`` in the next one."""
    step = EulerStep(household, budget)
    step(consumption.ravel())
    return Policy(step.consumption, step.hours, step.assets)


def best_policy(household: Household, budget: Budget, start: Floats | None = None, tolerance: float = 1e-11) -> Policy:
    """Return the optimal stationary policy; ``start`` is a guess of consumption, ``[S, G]``.

    Raises:
        UserError: the budget allows no stationary policy (:meth:`Budget.check`), or the iteration does not converge;
            the message gives the residual.
    """
    return PolicySolver(household).solve(budget, start, tolerance)


class PolicySolver:
    """Solves for optimal policies at several prices: what is computed at one speeds up the next."""

    def __init__(self, household: Household) -> None:
        self.household = household
        self._correction: Correction | None = None

    def solve(self, budget: Budget, start: Floats | None = None, tolerance: float = 1e-11) -> Policy:
        """Return what :func:`best_policy` does."""
        budget.check(self.household)
        step = EulerStep(self.household, budget)
        first = _first_guess(self.household, budget, step) if start is None else start
        scale = float(first[0, 0])  # the lowest consumption, so that the unit of output does not matter
        within = tolerance * scale
        plain = _PLAIN if self._correction is None else 1
        parts = [fixed_point(step, first.ravel(), within, plain, _positive)]
        if not parts[-1].residual <= within:
            parts.append(self._corrected(step, parts[-1].value, within))
            parts.append(fixed_point(step, parts[-1].value, within, LIMIT, _positive))
        residual, iterations = parts[-1].residual / scale, sum(part.iterations for part in parts)
        if not residual <= tolerance:
            raise UserError(
                f"the household's policy did not converge: after {iterations} iterations consumption still changes by"
                f" {residual:.2g} (tolerance {tolerance:g}); lower the discount factor or the return on assets"
            )
        return Policy(step.consumption, step.hours, step.assets, residual, iterations)

    def _corrected(self, step: EulerStep, point: Floats, tolerance: float) -> FixedPoint:
        """Return a better policy ``[S * G]``, by iterations of two steps that end with Newton's correction."""
        if self._correction is None:
            self._correction = Correction(step, point)
        correct = self._correction

        def image(consumption: Floats) -> Floats:
            once = step(consumption)
            return np.maximum(once + correct(step(once) - once), 0.5 * once)

        solved = fixed_point(image, point, tolerance, _CORRECTIONS, _positive)
        if not solved.residual <= tolerance:
            self._correction = None  # it is too far away
        return solved


def coarser_grids(grid: Floats) -> list[Floats]:
    """Return grids with every fourth point of the next, from the smallest, without the given one."""
    if len(grid) < _SMALL:
        return []
    coarse = np.append(grid[:-1:4], grid[-1])
    return [*coarser_grids(coarse), coarse]


def _first_guess(household: Household, budget: Budget, step: EulerStep) -> Floats:
    """Return the policy on a coarser grid, interpolated; on a small grid, a simple rule."""
    grid = household.grid
    for coarse in coarser_grids(grid)[-1:]:
        policy = best_policy(replace(household, grid=coarse), budget, tolerance=1e-6)
        return np.stack([np.interp(grid, coarse, row) for row in policy.consumption])
    return step.first_guess()


def _positive(consumption: Floats) -> bool:
    return bool(consumption.min() > 0)
