"""Linear programming for two-player zero-sum games: strategies that guarantee the value of the game.

Each player's strategy maximises the lowest expected payoff over the other player's options: ``max v`` subject to
``x' A >= v`` for every option of the other player, ``x >= 0`` and ``sum x = 1``, solved with HiGHS. The method also
solves games whose payoffs add up to a constant other than zero.

Sources: von Neumann (1928); Dantzig (1951) for the linear program.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from time import monotonic
from typing import Any

import numpy as np

from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._tables import Floats, solution, zero_sum_table

__all__ = ["Parameters", "ZeroSum", "maximin", "saddle_point"]

REFERENCES = (
    "@article{vonneumann1928theorie, title={Zur Theorie der Gesellschaftsspiele}, author={von Neumann, John}, "
    "journal={Mathematische Annalen}, volume={100}, pages={295--320}, year={1928}}",
    "@article{huangfu2018parallelizing, title={Parallelizing the dual revised simplex method}, author={Huangfu, Qi and "
    "Hall, J. A. J.}, journal={Mathematical Programming Computation}, volume={10}, number={1}, pages={119--142}, "
    "year={2018}}",
)


class Parameters(Model):
    """The solver has no parameters."""


class ZeroSum:
    """Solver of two-player games whose payoffs add up to a constant."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return a mixed strategy for each player; see :class:`~econsim.learning.Solver`.

        If the time limit is reached before a linear program is solved, that player mixes all options with equal
        probabilities. The residual ``duality_gap`` is the sum of the values that the two players guarantee, less the
        sum of payoffs; it is zero at a solution.

        Raises:
            UserError: the game does not have two players, its payoffs cannot be enumerated or do not add up to a
                constant, or an agent is fixed.
        """
        table = zero_sum_table(game, fixed, "zero_sum")
        deadline = None if time_limit is None else monotonic() + time_limit
        row, row_value = maximin(table[0], deadline)
        column, column_value = maximin(table[1].T, deadline)
        gap = abs(row_value + column_value - float(table.sum(0).mean()))
        return solution(game, [(row, column)], residuals={"duality_gap": gap})


def maximin(payoff: Floats, deadline: float | None = None) -> tuple[Floats, float]:
    """Return the mixed strategy ``[R]`` that maximises the lowest expected payoff, and that payoff.

    Args:
        payoff: ``[R, C]`` to the row player.
        deadline: on the clock of :func:`time.monotonic`; after it, the uniform strategy and its payoff are returned.
    """
    result = _program(payoff, deadline)
    rows = len(payoff)
    weights = np.ones(rows) if result.x is None else np.clip(np.asarray(result.x[:-1], np.float64), 0.0, None)
    mix: Floats = weights / weights.sum()
    value = (mix @ payoff).min() if result.x is None else result.x[-1]
    return mix, float(value)


def saddle_point(payoff: Floats) -> tuple[Floats, Floats]:
    """Return an equilibrium, ``[R]`` and ``[C]``, of the zero-sum game with payoffs ``[R, C]`` to the row player.

    One linear program gives both strategies: that of the column player is its dual solution.
    """
    result = _program(payoff, None)
    row, column = np.clip(result.x[:-1], 0.0, None), np.clip(-result.ineqlin.marginals, 0.0, None)
    return row / row.sum(), column / column.sum()


def _program(payoff: Floats, deadline: float | None) -> Any:
    """Return the result of the linear program of the row player."""
    from scipy.optimize import linprog

    rows, columns = payoff.shape
    limit = inf if deadline is None else max(0.0, deadline - monotonic())
    return linprog(
        np.append(np.zeros(rows), -1.0),
        A_ub=np.column_stack([-payoff.T, np.ones(columns)]),
        b_ub=np.zeros(columns),
        A_eq=np.append(np.ones(rows), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * rows + [(None, None)],
        options={"time_limit": limit},
    )
