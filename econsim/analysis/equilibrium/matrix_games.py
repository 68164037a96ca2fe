"""Small matrix games: zero-sum values, commitment and Nash equilibria, by linear programs.

A game is a table of payoffs, rows by the first player's options and columns by the second's. A mix is a probability of
each option. Larger games and other solution concepts need other solvers.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, arrays
from econsim.errors import UserError
from econsim.solvers.zero_sum import maximin

__all__ = ["Equilibrium", "nash_equilibria", "strong_stackelberg", "zero_sum"]

MOST_SUPPORTS = 200_000
"""The largest number of pairs of supports to try, that of a game of 10 by 10: seconds."""
_TOLERANCE = 1e-9


class Equilibrium(NamedTuple):
    """Mixes ``[R]`` and ``[C]`` of both players, and their mean payoffs."""

    row: Floats
    column: Floats
    row_value: float
    column_value: float


def zero_sum(payoff: ArrayLike) -> Equilibrium:
    """Return the value of a zero-sum game and mixes that guarantee it, by linear programs.

    Args:
        payoff: ``[R, C]`` of the row player, who maximises it; the column player has the opposite payoff.

    Raises:
        UserError: not a finite table.

    Source: von Neumann 1928; the program Dantzig 1951.
    """
    (table,) = _tables(payoff)
    row, value = maximin(table)
    column, _ = maximin(-table.T)
    return Equilibrium(row, column, value, -value)


def strong_stackelberg(leader: ArrayLike, follower: ArrayLike) -> Equilibrium:
    """Return the best mix to commit to, where the follower observes it and breaks ties in the leader's favour.

    One linear program per option of the follower: the best mix for the leader to which that option is a best response.

    Args:
        leader: payoffs ``[R, C]`` of the row player, who commits.
        follower: payoffs ``[R, C]`` of the column player.

    Raises:
        UserError: not two finite tables of one shape.

    Source: Conitzer and Sandholm 2006, "Computing the optimal strategy to commit to".
    """
    leader_payoff, follower_payoff = _tables(leader, follower)
    best: tuple[float, Floats, int] | None = None
    for option in range(leader_payoff.shape[1]):
        regret = (follower_payoff - follower_payoff[:, option : option + 1]).T
        mix = _program(leader_payoff[:, option], regret)
        if mix is not None and (best is None or mix @ leader_payoff[:, option] > best[0] + _TOLERANCE):
            best = float(mix @ leader_payoff[:, option]), mix, option
    assert best is not None  # every mix has a best response
    value, mix, option = best
    return Equilibrium(mix, np.eye(leader_payoff.shape[1])[option], value, float(mix @ follower_payoff[:, option]))


def nash_equilibria(row_payoff: ArrayLike, column_payoff: ArrayLike) -> list[Equilibrium]:
    """Return the Nash equilibria of a game by enumeration of supports, pure ones first.

    All equilibria of a game that is not degenerate (no mix has more best responses than options in its support); some
    of those that form a continuum.

    Args:
        row_payoff: ``[R, C]``.
        column_payoff: ``[R, C]``.

    Raises:
        UserError: not two finite tables of one shape, or more than ``MOST_SUPPORTS`` pairs of supports.

    Source: Porter, Nudelman and Shoham 2008, "Simple search methods for finding a Nash equilibrium".
    """
    row_table, column_table = _tables(row_payoff, column_payoff)
    if comb(sum(row_table.shape), row_table.shape[0]) > MOST_SUPPORTS:
        raise UserError(
            f"nash_equilibria: a game of {row_table.shape[0]} by {row_table.shape[1]} has too many supports"
        )
    found: list[Equilibrium] = []
    for size in range(1, min(row_table.shape) + 1):
        for rows in combinations(range(row_table.shape[0]), size):
            for columns in combinations(range(row_table.shape[1]), size):
                candidate = _with_support(row_table, column_table, list(rows), list(columns))
                if candidate is not None and not any(_same(candidate, known) for known in found):
                    found.append(candidate)
    return found


def _program(gain: Floats, regret: Floats) -> Floats | None:
    """Return the mix ``[R]`` with the highest ``gain`` for which no row of ``regret`` is above zero, if any."""
    from scipy.optimize import linprog

    solution = linprog(
        -gain,
        A_ub=regret,
        b_ub=np.zeros(len(regret)),
        A_eq=np.ones((1, len(gain))),
        b_eq=[1.0],
    )
    return _mix(arrays(solution.x)[0]) if solution.status == 0 else None


def _with_support(own: Floats, other: Floats, rows: list[int], columns: list[int]) -> Equilibrium | None:
    """Return the equilibrium in which exactly these options are played, if there is one."""
    column = _indifferent(own[np.ix_(rows, columns)], columns, own.shape[1])
    row = _indifferent(other[np.ix_(rows, columns)].T, rows, own.shape[0])
    if row is None or column is None:
        return None
    paid, paid_other = own @ column, row @ other
    margin = _TOLERANCE * max(1.0, float(np.abs(own).max()), float(np.abs(other).max()))
    if paid.max() > row @ paid + margin or paid_other.max() > paid_other @ column + margin:
        return None
    return Equilibrium(row, column, float(row @ paid), float(paid_other @ column))


def _indifferent(payoff: Floats, options: list[int], count: int) -> Floats | None:
    """Return the mix of ``options`` (columns) that equalises the payoffs of all rows, ``[count]``, if it is unique."""
    size = len(options)
    system = np.zeros((size + 1, size + 1))
    system[:size, :size], system[:size, size], system[size, :size] = payoff, -1.0, 1.0
    if np.linalg.matrix_rank(system) <= size:
        return None
    weights = np.linalg.solve(system, np.append(np.zeros(size), 1.0))[:size]
    if (weights < _TOLERANCE).any():
        return None
    mix = np.zeros(count)
    mix[options] = weights
    return mix


def _same(one: Equilibrium, other: Equilibrium) -> bool:
    return bool(np.allclose(one.row, other.row) and np.allclose(one.column, other.column))


def _mix(weights: Floats) -> Floats:
    positive = np.clip(weights, 0.0, None)
    return np.asarray(positive / positive.sum())


def _tables(*payoffs: ArrayLike) -> list[Floats]:
    tables = [arrays(payoff)[0] for payoff in payoffs]
    if any(t.ndim != 2 or not t.size or t.shape != tables[0].shape or not np.isfinite(t).all() for t in tables):
        raise UserError(f"payoffs: expected finite tables of one shape, found {[list(t.shape) for t in tables]}")
    return tables
