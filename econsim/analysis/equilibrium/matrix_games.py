"""Small matrix games: zero-sum values, commitment and Nash equilibria, by linear programs.

A game is a table of payoffs, rows by the first player's options and columns by the second's. A mix is a probability of
each option. :mod:`econsim.solvers` holds the methods that solve games of a scenario.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, arrays
from econsim.errors import UserError
from econsim.solvers.strong_stackelberg import commitment
from econsim.solvers.vertex_enumeration import all_equilibria
from econsim.solvers.zero_sum import maximin

__all__ = ["Equilibrium", "nash_equilibria", "strong_stackelberg", "zero_sum"]


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
    mix, option, _ = commitment(leader_payoff, follower_payoff)
    value = float(mix @ leader_payoff[:, option])
    return Equilibrium(mix, np.eye(leader_payoff.shape[1])[option], value, float(mix @ follower_payoff[:, option]))


def nash_equilibria(row_payoff: ArrayLike, column_payoff: ArrayLike) -> list[Equilibrium]:
    """Return all extreme Nash equilibria of a game, pure ones first.

    They are all equilibria of a game that is not degenerate (no mix has more best responses than options that it
    plays); in a degenerate game, all others are mixtures of them.

    Args:
        row_payoff: ``[R, C]``.
        column_payoff: ``[R, C]``.

    Raises:
        UserError: not two finite tables of one shape, or too many vertices (:mod:`econsim.solvers.vertex_enumeration`).
    """
    own, other = _tables(row_payoff, column_payoff)
    found = all_equilibria(np.stack([own, other]))
    return [
        Equilibrium(row, column, float(row @ own @ column), float(row @ other @ column)) for row, column in found.mixes
    ]


def _tables(*payoffs: ArrayLike) -> list[Floats]:
    tables = [arrays(payoff)[0] for payoff in payoffs]
    if any(t.ndim != 2 or not t.size or t.shape != tables[0].shape or not np.isfinite(t).all() for t in tables):
        raise UserError(f"payoffs: expected finite tables of one shape, found {[list(t.shape) for t in tables]}")
    return tables
