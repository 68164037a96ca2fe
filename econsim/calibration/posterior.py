"""The posterior of the parameters, by adaptive importance sampling (Cappe, Guillin, Marin and Robert 2004)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from econsim import random
from econsim.calibration.normal_approximation import bounded, covariance_at
from econsim.calibration.simulated import Differences

__all__ = ["Posterior", "posterior_of"]

Floats = NDArray[np.float64]
ROUNDS = 3
WIDER = 1.5  # standard deviations of a proposal, in those of the posterior that it is made of


class Posterior(NamedTuple):
    """Weighted draws: ``values`` ``[N, D]``, ``weights`` ``[N]``, which add up to one, and ``metrics`` ``[N, O]``.

    ``effective`` is the number of independent draws that would be as good (Kong 1992).
    """

    keys: tuple[str, ...]
    values: Floats
    weights: Floats
    metrics: Floats
    effective: float

    @property
    def mean(self) -> Floats:
        """The posterior means, ``[D]``."""
        return np.asarray(self.weights @ self.values)

    @property
    def deviation(self) -> Floats:
        """The posterior standard deviations, ``[D]``."""
        return np.sqrt(self.weights @ (self.values - self.mean) ** 2)

    @property
    def correlation(self) -> Floats:
        """The posterior correlations, ``[D, D]``."""
        centred = (self.values - self.mean) / np.where(self.deviation > 0, self.deviation, 1.0)
        return np.asarray((self.weights[:, None] * centred).T @ centred)

    def interval(self, columns: Floats, level: float = 0.95) -> Floats:
        """Return the central interval ``[C, 2]`` of each column ``[N, C]``, such as ``values`` or ``metrics``."""
        tails = np.array([(1 - level) / 2, (1 + level) / 2])
        return np.stack([_quantiles(column, self.weights, tails) for column in columns.T])


def posterior_of(differences: Differences, best: Floats, draws: int, seed: int) -> Posterior:
    """Return draws from the posterior under a uniform prior, from normal proposals that adapt to it in rounds."""
    centre, spread = best, covariance_at(differences, best)
    points, logs, weights = best[None], np.zeros(1), np.ones(1)
    for number in range(ROUNDS):
        points, logs = _proposed(centre, spread, draws, seed, number)
        chi2 = np.array([differences.squared(point) for point in points])
        raw = np.exp(-0.5 * (chi2 - chi2.min()) - (logs - logs.max()))
        weights = raw / raw.sum()
        if number < ROUNDS - 1 and 1.0 / (weights**2).sum() > 2 * len(best):
            centre = weights @ points
            centred = points - centre
            spread = bounded((weights[:, None] * centred).T @ centred)
    values = np.stack([one.at(points[:, number]) for number, one in enumerate(differences.free)], 1)
    errors, observed = (np.array([getattr(one, name) for one in differences.observed]) for name in ("error", "value"))
    metrics = np.stack([differences(point) for point in points]) * errors + observed
    keys = tuple(one.key for one in differences.free)
    return Posterior(keys, values, weights, metrics, float(1.0 / (weights**2).sum()))


def _proposed(centre: Floats, spread: Floats, draws: int, seed: int, number: int) -> tuple[Floats, Floats]:
    """Return points ``[N, D]`` within the bounds, and the logarithm of the density with which each was drawn."""
    root = WIDER * np.linalg.cholesky(spread)
    keys, step = random.keys(seed, draws), 0
    accepted: list[Floats] = []
    while sum(len(inside) for inside in accepted) < draws:
        normal = random.normal(keys, 1000 * number + step, "calibration/posterior", (len(centre),)).double().numpy()
        points = centre + normal @ root.T
        accepted.append(points[((points >= 0) & (points <= 1)).all(1)])
        step += 1
    points = np.concatenate(accepted)[:draws]
    standard = np.linalg.solve(root, (points - centre).T)
    return points, -0.5 * (standard**2).sum(0)


def _quantiles(column: Floats, weights: Floats, levels: Floats) -> Floats:
    order = np.argsort(column, kind="stable")
    below = np.cumsum(weights[order]) - weights[order] / 2
    return np.interp(levels, below, column[order])
