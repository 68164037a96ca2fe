"""Dominance between points that are measured in two quantities over common seeds.

A point is *dominated* if another one has a mean at least as good in both quantities and better in one; the others are
the front. The judgement is *clear* where the differences, paired over the seeds that both points have, show it:

- a dominated point is clear if a point of the front is better in both quantities, each by a 95 % interval of the
  difference that excludes zero (or is better in one and the same under every seed in the other);
- a point of the front is clear if it is better than every other point in at least one quantity, by such an interval
  (or the same under every seed in both).

Intervals are Student's t, pair by pair, without an adjustment for the number of pairs. With a single seed no difference
is clear.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.statistics import student_margin

__all__ = ["judged", "pareto_front"]

_ROUNDING = 1e-12  # relative to the values: a smaller range is rounding, not variation
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def pareto_front(first: Any, second: Any) -> list[bool]:
    """Return which of ``N`` points are Pareto-efficient, with larger values being better in both coordinates."""
    pairs = list(zip(map(float, first), map(float, second), strict=True))
    order = sorted(range(len(pairs)), key=lambda index: (-pairs[index][0], -pairs[index][1]))
    on_front, highest, at_highest = [False] * len(pairs), float("-inf"), None
    for index in order:
        one, other = pairs[index]
        if other > highest or (other == highest and one == at_highest):
            on_front[index] = True
            highest, at_highest = other, one
    return on_front


def judged(values: Floats) -> tuple[Flags, Flags]:
    """Return which points are on the front, ``[P]``, and for which of them and of the others that is clear, ``[P]``.

    Args:
        values: ``[2, P, S]``, the two quantities of ``P`` points under ``S`` seeds, larger being better; NaN where a
            point lacks a seed.
    """
    means = np.nanmean(values, axis=2)
    on_front = np.array(pareto_front(*means))
    front, clear = np.flatnonzero(on_front), np.zeros(len(on_front), dtype=bool)
    for point in range(len(on_front)):
        rivals = front if not on_front[point] else np.delete(np.arange(len(on_front)), point)
        better, worse, same = _compared(values[:, [point]], values[:, rivals])
        beaten = ((worse | same).all(0) & worse.any(0)).any()
        clear[point] = (better.any(0) | same.all(0)).all() if on_front[point] else beaten
    return on_front, clear


def _compared(one: Floats, others: Floats) -> tuple[Flags, Flags, Flags]:
    """Return where a point ``[2, 1, S]`` is clearly better than others ``[2, P, S]``, worse, the same, ``[2, P]``."""
    differences = one - others
    count = (~np.isnan(differences)).sum(2)
    several = count > 1
    differences = np.where(several[:, :, None], differences, 0.0)
    size = _ROUNDING * np.nanmax(np.abs(np.concatenate([one, others], 1)), axis=(1, 2), initial=1e-300)[:, None]
    mean = np.nanmean(differences, 2)
    variance = np.nansum((differences - mean[:, :, None]) ** 2, 2) / np.maximum(count - 1, 1)
    constant = np.nanmax(differences, 2) - np.nanmin(differences, 2) <= size
    factors = {number: student_margin(1.0, number - 1) for number in np.unique(count) if number > 1}
    factor = np.vectorize(lambda number: factors.get(number, 0.0), otypes=[float])(count)
    margin = np.where(constant, size, factor * np.sqrt(variance / np.maximum(count, 1)))
    return several & (mean > margin), several & (mean < -margin), several & constant & (np.abs(mean) <= size)
