"""Profiles of the likelihood: how well the observations can be met with one parameter held at each value."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from econsim.calibration.normal_approximation import STEP, covariance_at
from econsim.calibration.simulated import Differences

__all__ = ["Profile", "polished", "profile_of"]

Floats = NDArray[np.float64]
NEAR = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)  # standard deviations from the best point at which a profile is computed
FAR = 9  # values in the whole range at which it is computed as well
CRITICAL = 3.841  # the 95 % quantile of chi-squared with one degree of freedom
_CALLS = 12  # iterations of least squares at each point of a profile


class Profile(NamedTuple):
    """The profile of one parameter.

    values: ``[P]``, ascending. chi2: ``[P]``, the least sum of squares with the parameter at each value. interval: the
    values at which it is within 3.84 of the least, a 95 % interval by Wilks' theorem; an end at which the profile is
    still below is a bound of the parameter. best: the best point of all, as shares of the ranges.
    """

    key: str
    values: Floats
    chi2: Floats
    interval: tuple[float, float]
    reaches_low: bool
    reaches_high: bool
    best: Floats

    @property
    def identified(self) -> bool:
        """Whether the observations bound the parameter on both sides, within its bounds."""
        return not (self.reaches_low or self.reaches_high)


def polished(differences: Differences, start: Floats, held: int | None = None) -> Floats:
    """Return the point that least squares find from ``start`` ``[D]``, with one parameter held."""
    from scipy.optimize import least_squares

    moving = [number for number in range(len(start)) if number != held]
    if not moving:
        return start

    def residuals(shares: Floats) -> Floats:
        point = start.copy()
        point[moving] = shares
        return differences(point)

    inside = np.clip(start[moving], 1e-6, 1 - 1e-6)
    found = least_squares(residuals, inside, bounds=(0.0, 1.0), diff_step=[STEP] * len(moving), max_nfev=_CALLS)
    point = start.copy()
    point[moving] = found.x
    return point if differences.squared(point) <= differences.squared(start) else start


def profile_of(differences: Differences, best: Floats, number: int) -> Profile:
    """Return the profile of the parameter with a number, from the best point outwards in both directions."""
    one = differences.free[number]
    deviation = float(np.sqrt(covariance_at(differences, best)[number, number]))
    near = [best[number] + side * times * deviation for side in (-1, 1) for times in NEAR]
    grid = np.unique([*np.linspace(0.0, 1.0, FAR), best[number], *np.clip(near, 0.0, 1.0)])
    middle = int(np.searchsorted(grid, best[number]))
    points: dict[int, Floats] = {middle: best}
    for way in (range(middle - 1, -1, -1), range(middle + 1, len(grid))):
        last = best
        for place in way:
            start = last.copy()
            start[number] = grid[place]
            last = points[place] = polished(differences, start, number)
    chi2 = np.array([differences.squared(points[place]) for place in range(len(grid))])
    limit = chi2.min() + CRITICAL
    low, reaches_low = _crossing(grid[::-1], chi2[::-1], limit)
    high, reaches_high = _crossing(grid, chi2, limit)
    interval = (float(one.at(low)), float(one.at(high)))
    return Profile(one.key, one.at(grid), chi2, interval, reaches_low, reaches_high, points[int(chi2.argmin())])


def _crossing(grid: Floats, chi2: Floats, limit: float) -> tuple[float, bool]:
    """Return where a profile leaves the interval towards the end of the grid, and whether it does not."""
    inside = np.flatnonzero(chi2 <= limit)
    last = int(inside[-1])
    if last == len(grid) - 1:
        return float(grid[-1]), True
    # Near its least value a profile is a parabola, so that its root is nearly linear between two points.
    least = chi2.min()
    here, there = np.sqrt(chi2[last] - least), np.sqrt(chi2[last + 1] - least)
    share = (np.sqrt(limit - least) - here) / (there - here)
    return float(grid[last] + share * (grid[last + 1] - grid[last])), False
