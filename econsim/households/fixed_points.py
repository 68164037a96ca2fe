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
    kept = _Memory(memory, start.size)
    point = last = start
    worst = lowest = np.inf
    for iteration in range(1, limit + 1):
        new = image(point)
        residual = new - point
        worst = float(max(residual.max(), -residual.min()))
        if worst <= tolerance:
            return FixedPoint(new, worst, iteration)
        if not worst <= _MOST_GROWTH * lowest:
            point = last = new
            lowest = np.inf
            kept.clear()
            continue
        lowest, last = min(lowest, worst), new
        point = kept.extrapolated(new, residual)
        if not admissible(point):
            point = new
            kept.clear()
    return FixedPoint(last, worst, limit)


class _Memory:
    """The last differences of images and of residuals, with the products of the latter."""

    def __init__(self, rows: int, size: int) -> None:
        self.images, self.residuals = np.empty((rows, size)), np.empty((rows, size))
        self.products = np.empty((rows, rows))
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self.count = 0
        self.before: tuple[Floats, Floats] | None = None

    def extrapolated(self, new: Floats, residual: Floats) -> Floats:
        """Return the next point, from the last image and its residual."""
        if self.before is not None:
            row = self.count % len(self.images)
            self.count += 1
            np.subtract(new, self.before[0], out=self.images[row])
            np.subtract(residual, self.before[1], out=self.residuals[row])
            products = self.residuals[: self.count] @ self.residuals[row]
            self.products[row, : len(products)] = self.products[: len(products), row] = products
        self.before = new, residual
        used = min(self.count, len(self.images))
        if not used:
            return new
        normal = self.products[:used, :used].copy()
        normal[np.diag_indices(used)] *= 1 + 1e-12  # nearly parallel directions
        try:
            weights = np.linalg.solve(normal, self.residuals[:used] @ residual)
        except np.linalg.LinAlgError:
            return new
        point: Floats = new - weights @ self.images[:used]
        return point
