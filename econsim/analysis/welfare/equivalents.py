"""What a reform is worth to people, in consumption or in money."""

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
    r"""Return the share by which everybody's consumption before would have to rise to be as good as the reform.

    For utilitarian welfare and utility that is CRRA in consumption, $(C^{1 - \eta} - 1) / (1 - \eta)$ or its limit
    $\log C$, plus anything else (the cost of work). Missing where no rise is as good.

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
    """Return what each person would have to be paid before a reform to be as well off as after it, ``[N]`` money.

    Args:
        worth_before: utility ``[N]`` that people reach before the reform with lump sums ``[N]`` on top; it rises with
            them. Where utility is quasi-linear in money the answer is the change of utility, and this is not needed.
        utility_after: ``[N]``.

    Raises:
        UserError: no lump sum of a size up to 2^60 is as good to somebody.
    """
    return _lump_sum(worth_before, arrays(utility_after)[0])


def compensating_variation(worth_after: Worth, utility_before: ArrayLike) -> Floats:
    """Return what could be taken from each person after a reform to leave it as well off as before, ``[N]`` money.

    Args:
        worth_after: utility ``[N]`` that people reach after the reform with lump sums ``[N]`` on top; it rises with
            them, and is not a number where somebody could not live on them.
        utility_before: ``[N]``.

    Raises:
        UserError: no lump sum of a size up to 2^60 is as bad to somebody.
    """
    return -_lump_sum(worth_after, arrays(utility_before)[0])


def _lump_sum(worth: Worth, target: Floats) -> Floats:
    """Return lump sums ``[N]`` that are worth ``target``, by doubling a bracket around them and halving it."""
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
    raise UserError("no lump sum makes up for the change of utility; does utility rise with it for everybody?")
