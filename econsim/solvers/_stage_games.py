"""Equilibria of games of one round that backward induction solves in every period and state."""

from __future__ import annotations

import numpy as np

from econsim.errors import UserError
from econsim.solvers._tables import Floats, Mixes, is_constant_sum
from econsim.solvers.lemke_howson import one_equilibrium
from econsim.solvers.zero_sum import maximin

FINEST = 1e-10  # tolerance of the linear programs, the smallest that HiGHS accepts


def nash_mixes(table: Floats) -> Mixes:
    """Return a Nash equilibrium of two players with payoffs ``[2, R, C]``: a pure one, if there is one."""
    if (saddle := _saddle(table)) is not None:
        return saddle
    if is_constant_sum(table):
        return maximin(table[0])[0], maximin(table[1].T)[0]
    mixes = one_equilibrium(table)
    assert mixes is not None  # without a deadline
    return mixes


def _saddle(table: Floats) -> Mixes | None:
    """Return the first pair of options that are best responses to one another, as pure strategies, if there is one."""
    best = (table[0] >= table[0].max(0)) & (table[1] >= table[1].max(1, keepdims=True))
    if not best.any():
        return None
    row, column = np.unravel_index(best.argmax(), best.shape)
    return np.eye(len(best))[row], np.eye(best.shape[1])[column]


def correlated_law(table: Floats, coarse: bool) -> Floats:
    """Return the law ``[A_1, ..., A_P]`` of a correlated equilibrium with the highest total payoff.

    The variables of the linear program are the probabilities of action profiles. Its constraints say that no player
    gains from one option instead of what the law recommends: whatever it recommends, if ``coarse``, and else for each
    recommended option.

    Args:
        table: payoffs ``[P, A_1, ..., A_P]``.
        coarse: whether players must decide before they see the recommendation.

    Raises:
        UserError: the linear program was not solved.
    """
    from scipy.optimize import linprog

    scale = max(1.0, float(np.abs(table).max()))
    gains = _gains(table / scale, coarse)
    result = linprog(
        -table.sum(0).ravel() / scale,
        A_ub=gains,
        b_ub=np.zeros(len(gains)),
        A_eq=np.ones((1, table[0].size)),
        b_eq=[1.0],
        options={"primal_feasibility_tolerance": FINEST, "dual_feasibility_tolerance": FINEST},
    )
    if result.x is None:
        raise UserError(f"backward_induction: the linear program of a round was not solved: {result.message}")
    weights = np.clip(np.asarray(result.x, np.float64), 0.0, None)
    law: Floats = (weights / weights.sum()).reshape(table.shape[1:])
    return law


def _gains(table: Floats, coarse: bool) -> Floats:
    """Return what players gain from deviations, one row per deviation and one column per action profile."""
    rows = []
    for player, payoff in enumerate(table):
        options = payoff.shape[player]
        chosen = np.indices(payoff.shape)[player]
        for option in range(options):
            gained = np.take(payoff, [option], axis=player) - payoff
            recommended = [None] if coarse else range(options)
            rows += [gained if other is None else gained * (chosen == other) for other in recommended]
    return np.stack(rows).reshape(len(rows), -1)
