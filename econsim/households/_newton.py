r"""Derivatives of a step of the endogenous grid method, and Newton's correction of a household's policy with them.

Where households are patient and income is persistent, a step of the method removes little of the error in the level of
consumption. The correction solves $(I - J) x = F(c) - c$ with the derivative $J$ of the step $F$ at one policy and
price; it also serves at others near by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.households._arrays import earnings, endogenous_grid
from econsim.households.chains import Floats
from econsim.households.lottery import Lottery
from econsim.households.steps import EulerStep

if TYPE_CHECKING:
    from scipy.sparse import csc_array

__all__ = ["Correction", "SmoothStep"]


class Correction:
    """The factors of $I - J$ at ``consumption`` ``[S * G]``."""

    def __init__(self, step: EulerStep, consumption: Floats) -> None:
        from scipy.sparse import eye_array
        from scipy.sparse.linalg import splu

        self._shape = step.consumption.shape
        system = eye_array(consumption.size, format="csc") - SmoothStep(step, consumption).moves
        self._factors: Any = splu(system, permc_spec="NATURAL")  # of the transpose

    def __call__(self, residual: Floats) -> Floats:
        """Return the change of consumption ``[S * G]`` for the residual of a step."""
        by_assets = np.ascontiguousarray(residual.reshape(self._shape).T).ravel()
        change: Floats = self._factors.solve(by_assets, "T").reshape(self._shape[::-1]).T.ravel()
        return change


class SmoothStep:
    r"""A step at one policy, and its derivatives.

    Between two nodes of the endogenous grid, consumption follows the line through them, of which both ends move with
    what is chosen there.

    Attributes:
        free: ``[S, G]``, whether assets are between the borrowing limit and the largest.
        slope: ``[S, G]``, derivative of spending net of earnings in consumption.
        elasticity: ``[S, G]``, of hours in net earnings at given consumption; zero where hours are no choice.
        gain: ``[S, G]``, derivative of net earnings in the logarithm of hours.
    """

    def __init__(self, step: EulerStep, consumption: Floats) -> None:
        self._step = step
        step(consumption)  # what it chooses is used from here on
        household, numbers = step.household, step.numbers
        before = consumption.reshape(step.consumption.shape)
        terms = step.wages, step.scales, numbers, step.brackets
        chosen, nodes, slope = endogenous_grid(before, household.chain.transition, household.grid, *terms)
        self._law = law = Lottery(household.chain, household.grid, step.assets)
        self.free = (step.assets > household.grid[0]) & (step.assets < household.grid[-1])
        earned, at_nodes = earnings(step.consumption, *terms), earnings(chosen, *terms)
        self.elasticity, self.slope, self.gain = earned.elasticity, earned.slope, earned.gain
        self._net = earned.net
        self._node_gain = at_nodes.net + at_nodes.gain * at_nodes.elasticity
        rows = np.arange(len(chosen))[:, None]
        self._segment = (np.diff(chosen) / np.diff(nodes))[rows, law.below]
        lower, upper = (
            self.free * share * (1 - self._segment * slope[rows, node]) * numbers[1] * chosen[rows, node] ** (1 + sigma)
            for sigma in numbers[:1]
            for share, node in ((law.weight, law.below), (1 - law.weight, law.below + 1))
        )
        self._ends, self._curvature = (lower, upper), before ** (-1 - numbers[0])

    @property
    def moves(self) -> csc_array:
        """The transpose of $J$, in the order of assets; its pattern is that of the matrix of moves."""
        matrix = self._law.matrix(len(self._step.household.grid), *self._ends)
        matrix.data *= self._curvature.T.ravel()[matrix.indices]
        return matrix

    def before(self, change: Floats) -> Floats:
        """Return changes of consumption ``[I, S, G]`` for those in the next period: the product of $J$ with each."""
        return np.stack([self._law.expectation(self._curvature * each, self._ends) for each in change])

    def responses(self) -> dict[str, tuple[Floats, Floats, Floats]]:
        """Return changes of consumption, assets and hours ``[S, G]`` for a unit of what is faced in the same period.

        By input: the gross return, the logarithm of what net earnings are proportional to (with brackets, of the wage
        and all thresholds), and the transfer.
        """
        step, numbers, law = self._step, self._step.numbers, self._law
        rows = np.arange(len(step.consumption))[:, None]
        lower, upper = self._node_gain[rows, law.below], self._node_gain[rows, law.below + 1]
        gain = self._net + self.gain * self.elasticity
        owned, one = np.broadcast_to(step.household.grid, gain.shape), np.ones_like(gain)
        result = {}
        for name, cash, at_nodes in (
            ("gross_return", owned, owned),
            ("net_wage", gain, law.weight * lower + (1 - law.weight) * upper),
            ("transfer", one, one),
        ):
            consumption = np.where(self.free, self._segment * at_nodes, cash / self.slope)
            assets = np.where(self.free, cash - self.slope * consumption, 0.0)
            relative = (name == "net_wage") - numbers[0] * consumption / step.consumption
            result[name] = consumption, assets, step.hours * self.elasticity * relative
        return result
