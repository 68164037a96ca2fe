"""The normal approximation of the posterior at a point, from derivatives under common random numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from econsim.calibration.simulated import Differences

__all__ = ["STEP", "bounded", "covariance_at"]

Floats = NDArray[np.float64]
STEP = 1e-4  # of derivatives, as a share of a parameter's range
_WIDEST = 0.5  # standard deviation in any direction, as a share of the ranges
_SMALLEST = 1e-6


def covariance_at(differences: Differences, point: Floats) -> Floats:
    """Return the inverse of the squared derivatives, ``[D, D]``, in shares of the ranges; bounded where they vanish."""
    columns = []
    for number in range(len(point)):
        ends = np.repeat(point[None], 2, 0)
        ends[:, number] = np.clip([point[number] - 10 * STEP, point[number] + 10 * STEP], 0.0, 1.0)
        columns.append((differences(ends[1]) - differences(ends[0])) / (ends[1, number] - ends[0, number]))
    slopes = np.stack(columns, 1)
    values, vectors = np.linalg.eigh(slopes.T @ slopes)
    return bounded(vectors @ np.diag(1.0 / np.maximum(values, 1.0 / _WIDEST**2)) @ vectors.T)


def bounded(covariance: Floats) -> Floats:
    """Return a covariance whose directions are neither wider than the range nor without any width."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray(vectors @ np.diag(np.clip(values, _SMALLEST**2, _WIDEST**2)) @ vectors.T)
