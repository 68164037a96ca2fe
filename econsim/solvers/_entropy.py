"""Distribution of highest entropy under linear constraints, by Newton's method on a barrier of the dual program.

Maximise ``-sum x log x`` subject to ``A x <= slack``, ``x >= 0`` and ``sum x = 1``. The Lagrangian dual is to minimise
``log sum exp(-A' m) + slack sum m`` over multipliers ``m >= 0``, with ``x`` proportional to ``exp(-A' m)``. At the
minimum of the dual less ``barrier * sum log m``, each constraint is short of its slack by ``barrier / m``, so that all
of them hold. The slack makes such points exist where a constraint can hold with equality only; it is equal to
the barrier, and falls with it.

Source: Boyd and Vandenberghe (2004), *Convex Optimization*, sections 5.2.4 and 11.3.
"""

from __future__ import annotations

from time import monotonic

import numpy as np
from numpy.typing import NDArray

_LAST_BARRIER, _SHRINK = 1e-10, 0.1  # relative to constraints that are scaled to order one
_STEPS = 30  # of Newton's method per barrier
_CONVERGED = 1e-4  # half the square of the Newton decrement, relative to the barrier
_BACKTRACKS = 40

Floats = NDArray[np.float64]


def most_entropy(constraints: Floats, deadline: float | None = None) -> tuple[Floats, bool]:
    """Return the distribution ``[n]`` and whether it was reached before the deadline.

    Args:
        constraints: ``A`` of ``A x <= 0``, ``[K, n]``; some distribution satisfies it.
        deadline: on the clock of :func:`time.monotonic`.
    """
    scale = np.abs(constraints).max(1, initial=0.0)
    rows = constraints[scale > 0] / scale[scale > 0, None]
    multipliers, barrier = np.ones(len(rows)), 1.0
    while barrier > _LAST_BARRIER and len(rows):
        for _ in range(_STEPS):
            if deadline is not None and monotonic() > deadline:
                return _distribution(rows, multipliers), False
            multipliers, decrement = _newton_step(rows, multipliers, barrier)
            if decrement <= _CONVERGED * barrier:
                break
        barrier *= _SHRINK
    return _distribution(rows, multipliers), True


def _distribution(rows: Floats, multipliers: Floats) -> Floats:
    exponent = -(multipliers @ rows)
    weights = np.exp(exponent - exponent.max())
    return np.asarray(weights / weights.sum())


def _newton_step(rows: Floats, multipliers: Floats, barrier: float) -> tuple[Floats, float]:
    """Return the multipliers after a step with backtracking, and half the square of the Newton decrement."""
    joint = _distribution(rows, multipliers)
    expected = rows @ joint
    gradient = barrier - expected - barrier / multipliers
    hessian = (rows * joint) @ rows.T - np.outer(expected, expected) + np.diag(barrier / multipliers**2)
    # In units of the multipliers the barrier's part of the Hessian is a multiple of the identity.
    scaled = hessian * np.outer(multipliers, multipliers)
    step = -multipliers * np.linalg.solve(scaled, multipliers * gradient)
    decrement = -float(gradient @ step) / 2
    shrinking = step < 0
    size = min(1.0, 0.99 * float(np.min(-multipliers[shrinking] / step[shrinking], initial=np.inf)))
    start = _value(rows, multipliers, barrier)
    for _ in range(_BACKTRACKS):
        if _value(rows, multipliers + size * step, barrier) <= start - 0.2 * size * decrement:
            return multipliers + size * step, decrement
        size /= 2
    return multipliers, 0.0  # no step improves the value in double precision


def _value(rows: Floats, multipliers: Floats, barrier: float) -> float:
    exponent = -(multipliers @ rows)
    largest = exponent.max()
    log_sum = largest + np.log(np.exp(exponent - largest).sum())
    return float(log_sum + barrier * multipliers.sum() - barrier * np.log(multipliers).sum())
