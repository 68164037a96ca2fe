"""Distributions of households over productivity and assets, by Young's lottery.

Mass at assets between two grid points is divided between them so that mean assets are preserved. The stationary
distribution solves a sparse linear system, since mixing is too slow for iterations where assets are persistent.

Source: Young (2010).
"""

from __future__ import annotations

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Chain, Floats
from econsim.households.lottery import Lottery

__all__ = ["stationary_distribution"]

TOLERANCE = 1e-10
"""The largest change of the mass of a grid point that is accepted as stationary."""
_FIRST_MOVES = 50  # after which the state with the largest mass is a recurrent one


def stationary_distribution(chain: Chain, grid: Floats, assets: Floats) -> tuple[Floats, float]:
    """Return the stationary distribution ``[S, G]`` under given assets of the next period, and its residual.

    Raises:
        UserError: there is no unique one; the message gives the residual. Or assets are not finite.
    """
    if not np.isfinite(assets).all():
        raise UserError("the distribution of households: assets of the next period are not all finite numbers")
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
    """Return the distribution that ``law`` keeps, from the linear system in which one recurrent state has mass one.

    States are in the order of assets, which mass moves along slowly: the factors of the system stay sparse.
    """
    import scipy.sparse as sparse
    from scipy.sparse.linalg import splu

    states, points = law.below.shape
    used = _columns(law, int(recurrent[1]))
    moves = law.matrix(used)
    pivot = int(recurrent[1]) * states + int(recurrent[0])
    one = sparse.csc_array(([1.0], ([pivot], [pivot])), shape=moves.shape)
    system = sparse.eye_array(len(moves.indptr) - 1, format="csc") - moves + one
    masses = splu(system, permc_spec="NATURAL").solve(one[:, [pivot]].toarray().ravel())
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
