"""Kernel of regret matching: the iterations of :mod:`econsim.solvers.regret_matching` compiled.

This module imports numba. Options with probability zero are skipped: in large tables, about half of all options are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from econsim.kernels.compiling import entry, rule
from econsim.solvers.regret_matching import PREDICTED

__all__ = ["CompiledIterations"]


class CompiledIterations:
    """Iterations in machine code; see :class:`econsim.solvers.regret_matching.Iterations`."""

    def __init__(self, payoffs: Tensor) -> None:
        games, rows, columns = payoffs.shape
        by_column = payoffs.transpose(1, 2).contiguous().numpy()  # of the row player
        by_row = (-payoffs).contiguous().numpy()  # of the column player
        self.row, self.column = _arrays(games, rows, by_row.dtype), _arrays(games, columns, by_row.dtype)
        self.tables, self.support = (by_column, by_row), np.empty(max(rows, columns), np.int64)

    def run(self, first: int, last: int) -> None:
        """Do the iterations from ``first`` to ``last``."""
        _iterate(first, last, *self.tables, *self.row, *self.column, self.support)

    def averages(self) -> tuple[Tensor, Tensor]:
        """Return the weighted means ``[G, R]`` and ``[G, C]`` of all strategies so far."""
        row, column = (torch.from_numpy(own[2]) for own in (self.row, self.column))
        return row / row.sum(-1, keepdim=True), column / column.sum(-1, keepdim=True)

    def last(self) -> tuple[Tensor, Tensor]:
        """Return the strategies ``[G, R]`` and ``[G, C]`` of the last iteration."""
        return torch.from_numpy(self.row[0].copy()), torch.from_numpy(self.column[0].copy())


def _arrays(games: int, options: int, dtype: Any) -> tuple[Any, Any, Any, Any]:
    """Return the mix, the regrets, the weighted sum of strategies, and room for the values of one game."""
    mix = np.full((games, options), 1.0 / options, dtype)
    return mix, np.zeros_like(mix), np.zeros((games, options)), np.zeros(options, dtype)


@rule
def _expect(table: Any, mix: Any, values: Any, support: Any, game: int) -> None:
    """Set ``values`` to the sum of the rows of a table with the weights of ``mix``, four rows in one pass."""
    count = 0
    for option in range(mix.shape[1]):
        if mix[game, option] > 0:
            support[count] = option
            count += 1
    for other in range(len(values)):
        values[other] = 0
    for place in range(0, count - 3, 4):
        a, b, c, d = support[place], support[place + 1], support[place + 2], support[place + 3]
        of_a, of_b, of_c, of_d = mix[game, a], mix[game, b], mix[game, c], mix[game, d]
        for other in range(len(values)):
            values[other] += (of_a * table[game, a, other] + of_b * table[game, b, other]) + (
                of_c * table[game, c, other] + of_d * table[game, d, other]
            )
    for place in range(count - count % 4, count):
        a = support[place]
        of_a = mix[game, a]
        for other in range(len(values)):
            values[other] += of_a * table[game, a, other]


@rule
def _update(values: Any, mix: Any, regret: Any, total: Any, weight: float, game: int) -> None:
    """Update the regrets of one game by the values of all options, and the mix by the prediction."""
    options = len(values)
    expected, gained = 0.0, 0.0
    for option in range(options):
        expected += values[option] * mix[game, option]
    for option in range(options):
        new = values[option] - expected
        regret[game, option] = max(regret[game, option] + new, 0.0)
        mix[game, option] = max(regret[game, option] + PREDICTED * new, 0.0)
        gained += mix[game, option]
    for option in range(options):
        mix[game, option] = mix[game, option] / gained if gained > 0 else 1.0 / options
        total[game, option] += weight * mix[game, option]


@entry
def _iterate(
    first: int,
    last: int,
    by_column: Any,  # [G, C, R]
    by_row: Any,  # [G, R, C]
    row: Any,  # [G, R], as the next two
    row_regret: Any,
    row_total: Any,
    row_values: Any,  # [R]
    column: Any,  # [G, C], as the next two
    column_regret: Any,
    column_total: Any,
    column_values: Any,  # [C]
    support: Any,  # [max(R, C)]
) -> None:
    for game in range(len(row)):
        for iteration in range(first, last + 1):
            weight = float(iteration) * iteration
            _expect(by_column, column, row_values, support, game)
            _update(row_values, row, row_regret, row_total, weight, game)
            _expect(by_row, row, column_values, support, game)
            _update(column_values, column, column_regret, column_total, weight, game)
