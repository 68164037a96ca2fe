"""Anderson's acceleration of a fixed-point iteration on a vector.

Source: Anderson (1965), in the form of Walker and Ni (2011).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from econsim.households.chains import Floats

__all__ = ["FixedPoint", "fixed_point"]

_MOST_GROWTH = 4.0  # of the residual beyond the lowest one so far; then the memory is dropped


class FixedPoint(NamedTuple):
    """A vector, the largest difference from its image, and the number of evaluations of the map."""

    value: Floats
    residual: float
    iterations: int


def fixed_point(
    image: Callable[[Floats], Floats],
    start: Floats,
    tolerance: float,
    limit: int,
    admissible: Callable[[Floats], bool],
    memory: int = 5,
) -> FixedPoint:
    """Iterate until the largest difference of a vector from its ``image`` is at most ``tolerance``.

    ``image`` returns a new vector. An extrapolation that is not ``admissible`` is replaced by the plain image. The
    result is the last image; where the ``limit`` of iterations is reached, its residual is above the tolerance, which
    the caller has to report.
    """
    values, residuals = np.empty((memory, start.size)), np.empty((memory, start.size))
    point = start
    kept = 0
    last_image = last_residual = start
    worst = lowest = np.inf
    for iteration in range(1, limit + 1):
        new = image(point)
        residual = new - point
        worst = float(np.abs(residual).max())
        if worst <= tolerance:
            return FixedPoint(new, worst, iteration)
        if worst > _MOST_GROWTH * lowest:
            point, last_image, last_residual, kept, lowest = new, new, residual, 0, np.inf
            continue
        lowest = min(lowest, worst)
        if iteration > 1:
            row = kept % memory
            values[row], residuals[row] = new - last_image, residual - last_residual
            kept += 1
        last_image, last_residual = new, residual
        point = new if kept == 0 else _extrapolated(new, residual, values[:kept], residuals[:kept])
        if not admissible(point):
            point, kept = new, 0
    return FixedPoint(last_image, worst, limit)


def _extrapolated(new: Floats, residual: Floats, values: Floats, residuals: Floats) -> Floats:
    normal = residuals @ residuals.T
    normal[np.diag_indices_from(normal)] *= 1 + 1e-12  # nearly parallel directions
    try:
        weights = np.linalg.solve(normal, residuals @ residual)
    except np.linalg.LinAlgError:
        return new
    point: Floats = new - weights @ values
    return point
