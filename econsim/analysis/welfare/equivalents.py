"""The value of a reform to people, in consumption or in money."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, arrays, sample
from econsim.errors import UserError

__all__ = ["compensating_variation", "consumption_equivalent", "equivalent_variation"]

_DOUBLINGS, _HALVINGS = 60, 100
Worth = Callable[[Floats], ArrayLike]


def consumption_equivalent(
    utility: ArrayLike,
    utility_after: ArrayLike,
    consumption: ArrayLike,
    risk_aversion: float = 1.0,
    people: ArrayLike | None = None,
) -> float:
    r"""Return the uniform relative rise of consumption before the reform that is worth as much as the reform.

    For utilitarian welfare and utility that is CRRA in consumption, $(C^{1 - \eta} - 1) / (1 - \eta)$ or its limit
    $\log C$, plus any other term (the cost of work). Missing where no rise is worth as much.

    Args:
        utility: ``[N]``, before.
        utility_after: ``[N]``.
        consumption: ``[N]``, before, above zero.
        risk_aversion: ``eta``.
        people: ``[N]`` weights, one each if not given.

    Source: Lucas 1987, "Models of business cycles".
    """
    before, mass = sample(utility, people, "utility")
    after, consumed = sample(utility_after, people)[0], sample(consumption, people)[0]
    if (consumed <= 0).any():
        raise UserError("consumption: expected amounts above zero")
    gain = float(mass @ (after - before))
    power = 1.0 - risk_aversion
    if power == 0.0:
        return float(np.expm1(gain))
    scaled = 1.0 + power * gain / float(mass @ consumed**power)
    return float(scaled ** (1.0 / power) - 1.0) if scaled > 0 else float("nan")


def equivalent_variation(worth_before: Worth, utility_after: ArrayLike) -> Floats:
    """Return the payment to each person before a reform that is worth as much as the reform, ``[N]`` money.

    Args:
        worth_before: utility ``[N]`` before the reform with additional lump sums ``[N]``, in which it increases. Where
            utility is quasi-linear in money, the equivalent variation is simply the change of utility.
        utility_after: ``[N]``.

    Raises:
        UserError: no lump sum of a size up to 2^60 is worth as much to some person.
    """
    return _lump_sum(worth_before, arrays(utility_after)[0])


def compensating_variation(worth_after: Worth, utility_before: ArrayLike) -> Floats:
    """Return the payment by each person after a reform that leaves it as well off as before, ``[N]`` money.

    Args:
        worth_after: utility ``[N]`` after the reform with additional lump sums ``[N]``, in which it increases; NaN
            where consumption would not be positive.
        utility_before: ``[N]``.

    Raises:
        UserError: no lump sum of a size up to 2^60 compensates the reform for some person.
    """
    return -_lump_sum(worth_after, arrays(utility_before)[0])


def _lump_sum(worth: Worth, target: Floats) -> Floats:
    """Return lump sums ``[N]`` with utility ``target``, by doubling a bracket around them and bisection."""
    high = _bound(lambda lump_sum: _at_least(worth, lump_sum, target), np.ones_like(target))
    low = _bound(lambda lump_sum: ~_at_least(worth, lump_sum, target), -np.ones_like(target))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        enough = _at_least(worth, middle, target)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return 0.5 * (low + high)


def _at_least(worth: Worth, lump_sum: Floats, target: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return arrays(worth(lump_sum))[0] >= target


def _bound(reached: Callable[[Floats], np.ndarray[tuple[int, ...], np.dtype[np.bool_]]], bound: Floats) -> Floats:
    for _ in range(_DOUBLINGS):
        there = reached(bound)
        if there.all():
            return bound
        bound = np.where(there, bound, 2.0 * bound)
    raise UserError("no lump sum compensates the change of utility; check that everybody's utility increases in it")
