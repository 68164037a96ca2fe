"""Young's lottery: households move to the two grid points around their assets, so that mean assets are preserved.

Source: Young (2010).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from econsim.households.chains import Chain, Floats
from econsim.households.steps import method

if TYPE_CHECKING:
    from scipy.sparse import csc_array

__all__ = ["Lottery"]


class Lottery:
    """The law of motion of a distribution ``[S, G]`` under given assets of the next period, ``[S, G]``.

    Attributes:
        below: ``[S, G]``, the number of the grid point below the assets.
        weight: ``[S, G]``, the share that moves to it.
        means: ``[S, G]``, of the last :meth:`expectation`: that by productivity and assets of the next period.
    """

    def __init__(self, chain: Chain, grid: Floats, assets: Floats) -> None:
        self.transition = chain.transition
        self.below: npt.NDArray[np.int64] = np.clip(np.searchsorted(grid, assets, "right") - 1, 0, len(grid) - 2)
        lower, upper = grid[self.below], grid[self.below + 1]
        self.weight: Floats = np.clip((upper - assets) / (upper - lower), 0.0, 1.0)
        self.means, self._scratch = np.empty(assets.shape), np.empty(assets.shape)
        self._move, self._expect = method().move, method().expect

    @cached_property
    def shares(self) -> tuple[Floats, Floats]:
        """Of the grid points below and above the assets of the next period, ``[S, G]`` each."""
        return self.weight, 1 - self.weight

    def __call__(self, mass: Floats) -> Floats:
        """Return the distribution of the next period."""
        after = np.empty(self.weight.shape)
        self._move(mass, self.below, self.weight, self.transition, self._scratch, after)
        return after

    def expectation(self, value: Floats, ends: tuple[Floats, Floats] | None = None) -> Floats:
        """Return the expected ``value`` ``[S, G]`` of the next period's state, by this period's state.

        ``ends`` ``[S, G]`` are what the two grid points around the assets count, by default the ``shares``.
        """
        expected = np.empty(self.weight.shape)
        lower, upper = ends or self.shares
        given = np.ascontiguousarray(value), self.below, lower, upper, self.transition
        self._expect(*given, self.means, expected)
        return expected

    def matrix(self, points: int, lower: Floats | None = None, upper: Floats | None = None) -> csc_array:
        """Return the matrix of moves from (column) to (row) the states at the first grid points, in order of assets.

        A column has twice as many entries as there are states of productivity, in adjacent rows: those at the two grid
        points around its assets, which get ``lower`` and ``upper`` ``[S, G]``, by default the shares of the lottery.
        """
        import scipy.sparse as sparse

        states = len(self.below)
        shares = (self.weight, 1 - self.weight) if lower is None or upper is None else (lower, upper)
        below, *ends = (each[:, :points].T.reshape(-1, 1) for each in (self.below, *shares))
        chances = np.tile(self.transition, (points, 1))
        rows = (below * states + np.arange(2 * states)).astype(np.int32)
        values = np.concatenate([end * chances for end in ends], 1)
        size = states * points
        columns = 2 * states * np.arange(size + 1, dtype=np.int32)
        return sparse.csc_array((values.ravel(), rows.ravel(), columns), shape=(size, size))
