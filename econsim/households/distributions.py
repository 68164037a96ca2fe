"""Distributions of households over productivity and assets, by Young's lottery.

Mass at assets between two grid points is divided between them so that mean assets are preserved. The stationary
distribution solves a sparse linear system, since mixing is too slow for iterations where assets are persistent.

Source: Young (2010).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from econsim.errors import UserError
from econsim.households.chains import Chain, Floats
from econsim.households.policies import method

__all__ = ["Lottery", "stationary_distribution"]

TOLERANCE = 1e-10
"""The largest change of the mass of a grid point that is accepted as stationary."""
_FIRST_MOVES = 50  # after which the state with the largest mass is a recurrent one


class Lottery:
    """The law of motion of a distribution ``[S, G]`` under given assets of the next period, ``[S, G]``."""

    def __init__(self, chain: Chain, grid: Floats, assets: Floats) -> None:
        self.transition = chain.transition
        self.below: npt.NDArray[np.int64] = np.clip(np.searchsorted(grid, assets, "right") - 1, 0, len(grid) - 2)
        lower, upper = grid[self.below], grid[self.below + 1]
        self.weight: Floats = np.clip((upper - assets) / (upper - lower), 0.0, 1.0)
        self._scratch = np.empty(assets.shape)
        self._move = method().move

    def __call__(self, mass: Floats) -> Floats:
        """Return the distribution of the next period."""
        after = np.empty(self.weight.shape)
        self._move(mass, self.below, self.weight, self.transition, self._scratch, after)
        return after

    def expectation(self, value: Floats) -> Floats:
        """Return the expected ``value`` ``[S, G]`` of the next period's state, by this period's state."""
        rows = np.arange(len(value))[:, None]
        mean = self.transition @ value
        expected: Floats = self.weight * mean[rows, self.below] + (1 - self.weight) * mean[rows, self.below + 1]
        return expected


def stationary_distribution(chain: Chain, grid: Floats, assets: Floats) -> tuple[Floats, float]:
    """Return the stationary distribution ``[S, G]`` under given assets of the next period, and its residual.

    Raises:
        UserError: there is no unique one; the message gives the residual.
    """
    law = Lottery(chain, grid, assets)
    mass = np.outer(chain.stationary, np.full(len(grid), 1 / len(grid)))
    for _ in range(_FIRST_MOVES):
        mass = law(mass)
    solved = _invariant(law, np.unravel_index(int(mass.argmax()), mass.shape))
    residual = float(np.abs(law(solved) - solved).max())
    if not residual <= TOLERANCE:
        raise UserError(
            f"the distribution of households did not converge: the mass of a grid point changes by {residual:.2g}"
            f" (tolerance {TOLERANCE:g}); the policy leads to several separate groups of households"
        )
    return solved, residual


def _invariant(law: Lottery, recurrent: tuple[np.intp, ...]) -> Floats:
    """Return the distribution that ``law`` keeps, from the linear system in which one recurrent state has mass one."""
    import scipy.sparse as sparse
    from scipy.sparse.linalg import splu

    states, points = law.below.shape
    used = _columns(law, int(recurrent[1]))
    count = states * used
    source = (np.arange(used) * states + np.arange(states)[:, None]).ravel()
    below, weight = law.below[:, :used], law.weight[:, :used]
    below, weight = below.ravel(), weight.ravel()
    rows, columns, values = [], [], []
    for other in range(states):
        probability = np.repeat(law.transition[:, other], used)
        rows += [below * states + other, (below + 1) * states + other]
        values += [weight * probability, (1 - weight) * probability]
        columns += [source, source]
    moves = sparse.csc_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(count, count)
    )
    pivot = int(recurrent[1]) * states + int(recurrent[0])
    others = np.delete(np.arange(count), pivot)
    system = (sparse.eye_array(count, format="csc") - moves)[:, others][others]
    masses = np.ones(count)
    masses[others] = splu(system.tocsc()).solve(moves[:, [pivot]].toarray().ravel()[others])
    masses = np.maximum(masses, 0.0) / np.maximum(masses, 0.0).sum()  # rounding leaves masses of order -1e-18
    mass = np.zeros((states, points))
    mass[:, :used] = masses.reshape(used, states).T
    return mass


def _columns(law: Lottery, first: int) -> int:
    """Return the number of grid points from the lowest up to which a household at point ``first`` can ever be."""
    highest = np.maximum.accumulate(np.where(law.weight < 1, law.below + 1, law.below).max(0))
    last = first
    while highest[last] > last:
        last = int(highest[last])
    return min(max(last + 1, 2), len(highest))
