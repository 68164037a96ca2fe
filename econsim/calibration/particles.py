"""The posterior without a likelihood, by particles that come closer to the observations in rounds (ABC-SMC).

Each simulation has shocks of its own and errors of observation, so that the posterior includes the randomness of
episodes. A round draws a particle of the last one, moves it, simulates, and keeps it if the distance to the
observations is below a tolerance, which falls from round to round (Toni et al. 2009; the normal kernel with twice the
weighted covariance is that of Beaumont et al. 2009).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from econsim import random
from econsim.calibration.posterior import Posterior
from econsim.calibration.simulated import Differences

__all__ = ["particles_of", "with_errors"]

REFERENCES = (
    "@article{toni2009approximate, title={Approximate Bayesian computation scheme for parameter inference and model "
    "selection in dynamical systems}, author={Toni, Tina and Welch, David and Strelkowa, Natalja and Ipsen, Andreas "
    "and Stumpf, Michael P. H.}, journal={Journal of the Royal Society Interface}, volume={6}, pages={187--202}, "
    "year={2009}}",
    "@article{beaumont2009adaptive, title={Adaptive approximate Bayesian computation}, author={Beaumont, Mark A. and "
    "Cornuet, Jean-Marie and Marin, Jean-Michel and Robert, Christian P.}, journal={Biometrika}, volume={96}, "
    "pages={983--990}, year={2009}}",
)

Floats = NDArray[np.float64]
_KEPT = 0.5  # share of a round's particles that would be within the tolerance of the next one
_SMALLEST = 1e-12  # variance of a move, where all particles are at one point
_STREAM = "calibration/particles"


class _Round(NamedTuple):
    """Particles: shares of the ranges ``[N, D]``, simulated metrics ``[N, O]``, distances ``[N]``, weights ``[N]``."""

    points: Floats
    metrics: Floats
    distances: Floats
    weights: Floats


def particles_of(differences: Differences, draws: int, simulations: int, seed: int) -> Posterior:
    """Return ``draws`` weighted particles of the last round that about ``simulations`` simulations allow.

    Distances are Euclidean, of differences in standard errors. The prior is uniform between the bounds.
    """
    last, number = differences.count + simulations, 0
    uniform = random.uniform(random.keys(seed, draws), 0, _STREAM, (len(differences.free),)).double().numpy()
    metrics = np.stack([differences.simulated(point, shocks) for shocks, point in enumerate(uniform)])
    particles = _Round(uniform, metrics, _distances(differences, metrics, 0, seed), np.full(draws, 1.0 / draws))
    while closer := _closer(differences, particles, last, number, seed):
        particles, number = closer
    values = np.stack([one.at(particles.points[:, index]) for index, one in enumerate(differences.free)], 1)
    keys, effective = tuple(one.key for one in differences.free), float(1.0 / (particles.weights**2).sum())
    return Posterior(keys, values, particles.weights, particles.metrics, effective)


def _closer(differences: Differences, before: _Round, last: int, number: int, seed: int) -> tuple[_Round, int] | None:
    """Return as many particles within a lower tolerance, and the number of candidates; ``None`` at the end."""
    draws, tolerance = len(before.points), float(np.quantile(before.distances, _KEPT))
    spread = 2.0 * np.atleast_2d(np.cov(before.points.T, aweights=before.weights))
    root = np.asarray(np.linalg.cholesky(spread + _SMALLEST * np.eye(len(spread))), np.float64)
    kept: list[tuple[Floats, Floats, float]] = []
    while True:
        number += 1
        for index, point in enumerate(_moved(before, root, seed, number)):
            if differences.count >= last:
                return None
            if ((point < 0) | (point > 1)).any():
                continue
            metrics = differences.simulated(point, number * draws + index)
            distance = float(_distances(differences, metrics[None], number * draws + index, seed)[0])
            if distance <= tolerance:
                kept.append((point, metrics, distance))
            if len(kept) == draws:
                points, found, distances = (np.stack(column) for column in zip(*kept, strict=True))
                return _Round(points, found, distances, _weights(points, before, root)), number


def _moved(particles: _Round, root: Floats, seed: int, number: int) -> Floats:
    """Return candidates ``[N, D]``: particles drawn by weight and moved at random."""
    keys = random.keys(seed, len(particles.points))
    levels = random.uniform(keys, number, f"{_STREAM}/ancestor", dtype=torch.float64).numpy()
    ancestors = np.searchsorted(np.cumsum(particles.weights)[:-1], levels, side="right")
    normal = random.normal(keys, number, f"{_STREAM}/move", (len(root),)).double().numpy()
    return np.asarray(particles.points[ancestors] + normal @ root.T)


def _weights(points: Floats, before: _Round, root: Floats) -> Floats:
    """Return prior over proposal density at each point; the prior is uniform."""
    standard = np.linalg.solve(root, (points[:, None] - before.points[None]).reshape(-1, len(root)).T)
    density = np.exp(-0.5 * (standard**2).sum(0)).reshape(len(points), -1) @ before.weights
    return np.asarray((1.0 / density) / (1.0 / density).sum())


def _distances(differences: Differences, metrics: Floats, number: int, seed: int) -> Floats:
    """Return the distance of simulated metrics ``[M, O]``, with errors of observation, to the observations, ``[M]``."""
    return np.asarray(np.linalg.norm(with_errors(differences.standardised(metrics), number, seed), axis=1))


def with_errors(standardised: Floats, number: int, seed: int) -> Floats:
    """Return standardised differences ``[M, O]`` with normal errors of observation added."""
    keys = random.fold(random.keys(seed, len(standardised)), "calibration/errors")
    errors = random.normal(keys, number, "calibration/errors", standardised.shape[1:], torch.float64)
    return np.asarray(standardised + errors.numpy())
