"""Confidence sets of an unknown Markov game from the rows of a log, which hold simultaneously.

The numbers of rows of a cell may depend on earlier results, since a policy that learns wrote the log. Every bound is
therefore made to hold for all counts from 1 to the number of rows, by dividing its failure probability by that number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.offline.play_log import PlayLog

__all__ = ["GameBounds", "bounds_of", "extreme_mean"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GameBounds:
    """Sets that contain the true game with the stated confidence.

    Attributes:
        counts: ``[S, A_1, ..., A_P]``, the rows of each cell.
        low, high: ``[P, S, A_1, ..., A_P]``, bounds of mean payoffs.
        next_low, next_high: ``[S, A_1, ..., A_P, S]``, bounds of the probability of each next state.
        start_low, start_high: ``[S]``, bounds of the probability of each first state.
    """

    counts: Floats
    low: Floats
    high: Floats
    next_low: Floats
    next_high: Floats
    start_low: Floats
    start_high: Floats


def bounds_of(log: PlayLog, lowest: float, highest: float, confidence: float) -> GameBounds:
    """Return the confidence sets of a log whose payoffs lie between ``lowest`` and ``highest``."""
    cells, players, rows, states = int(np.prod(log.shape)), log.payoffs.shape[1], len(log.state), len(log.states)
    failure = (1.0 - confidence) / (1 if states == 1 else 3)  # payoffs, transitions and first states
    counts = np.bincount(log.cell, minlength=cells).astype(np.float64)
    low, high = _payoffs(log, counts, lowest, highest, failure / (cells * players * rows))
    pairs = np.bincount(log.cell * states + log.next_state, minlength=cells * states).reshape(cells, states)
    below, above = _shares(pairs.astype(float), counts[:, None], failure / (cells * states * rows))
    firsts = np.bincount(log.state[log.period == 0], minlength=states).astype(float)
    start = _shares(firsts, firsts.sum(keepdims=True), failure / states)
    return GameBounds(
        counts.reshape(log.shape),
        low.reshape(players, *log.shape),
        high.reshape(players, *log.shape),
        below.reshape(*log.shape, states),
        above.reshape(*log.shape, states),
        *start,
    )


def _payoffs(log: PlayLog, counts: Floats, lowest: float, highest: float, failure: float) -> tuple[Floats, Floats]:
    """Return bounds ``[P, cells]`` of means, the better of Hoeffding's and the empirical Bernstein inequality.

    Each side of each has a quarter of the failure probability: ``R sqrt(log(4 / f) / 2n)``, and ``sqrt(2 V log(8 / f) /
    n) + 7 R log(8 / f) / (3 (n - 1))`` with the sample variance ``V`` (Maurer and Pontil 2009, theorem 4).
    """
    width, seen = highest - lowest, np.maximum(counts, 1)
    mean = np.array([np.bincount(log.cell, paid, len(counts)) for paid in log.payoffs.T]) / seen
    square = [
        np.bincount(log.cell, (paid - of[log.cell]) ** 2, len(counts))
        for paid, of in zip(log.payoffs.T, mean, strict=True)
    ]
    others = np.maximum(counts - 1, 1)
    hoeffding = width * np.sqrt(np.log(4 / failure) / (2 * seen))
    bernstein = np.sqrt(2 * np.array(square) / others * np.log(8 / failure) / seen)
    bernstein = bernstein + 7 * width * np.log(8 / failure) / (3 * others)
    radius = np.where(counts > 1, np.minimum(hoeffding, bernstein), np.where(counts > 0, hoeffding, np.inf))
    return np.maximum(mean - radius, lowest), np.minimum(mean + radius, highest)


def _shares(successes: Floats, trials: Floats, failure: float) -> tuple[Floats, Floats]:
    """Return exact bounds of probabilities (Clopper and Pearson 1934); a single state is certain."""
    from scipy.special import betaincinv

    if successes.shape[-1] == 1:
        return np.ones_like(successes), np.ones_like(successes)
    failures = trials - successes
    low = betaincinv(np.maximum(successes, 1), failures + 1, failure / 2)
    high = betaincinv(successes + 1, np.maximum(failures, 1), 1 - failure / 2)
    return np.where(successes > 0, low, 0.0), np.where(failures > 0, high, 1.0)


def extreme_mean(low: Floats, high: Floats, values: Floats, largest: bool) -> Floats:
    """Return the largest or smallest mean of ``values`` ``[S]`` over laws between bounds ``[..., S]``.

    The mass above the lower bounds goes to states in the order of their values, up to the upper bounds.
    """
    order = np.argsort(-values if largest else values)
    room = (high - low)[..., order]
    rest = 1.0 - low.sum(-1, keepdims=True)
    before = np.cumsum(room, -1) - room
    law = low[..., order] + np.clip(rest - before, 0.0, room)
    mean: Floats = law @ values[order]
    return mean
