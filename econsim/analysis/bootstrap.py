"""Bootstrap: standard errors of any statistic, and intervals of means, over seeds resampled with replacement.

Seeds (or episodes) are independent; people within one are not, and are therefore not resampled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from econsim import random
from econsim.errors import UserError

__all__ = ["FEWEST", "Estimate", "bootstrap", "bootstrap_t"]

T = TypeVar("T")
FEWEST = 5
"""The smallest number of values of :func:`bootstrap_t`: fewer have too few distinct resamples."""
_RESAMPLES = 1999
_LEAST_SPREAD = 0.2


@dataclass(frozen=True)
class Estimate:
    """A statistic of ``count`` seeds with its standard error and interval (percentiles over resampled seeds)."""

    value: float
    error: float
    low: float
    high: float
    count: int


def bootstrap(
    samples: Sequence[T],
    statistic: Callable[[Sequence[T]], float],
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Return a statistic of the samples of seeds, with its bootstrap standard error and percentile interval.

    With few seeds the interval is too narrow (for a mean of five by about a fifth); for means
    :func:`econsim.analysis.statistics.mean_interval` is then more accurate. Source: Efron 1979.

    Args:
        samples: one entry per seed, for example its accounts.
        statistic: a function of any such sequence, for example the Gini coefficient of all people in it.
        resamples: number of resamples.
        confidence: level of the interval.
        seed: of the draws.

    Raises:
        UserError: fewer than two seeds, or a confidence outside (0, 1).
    """
    count = len(samples)
    if count < 2:
        raise UserError(f"bootstrap: expected at least two seeds, found {count}")
    if not 0 < confidence < 1:
        raise UserError(f"confidence: expected a fraction between 0 and 1, found {confidence}")
    drawn = _drawn(count, resamples, seed).tolist()
    resampled = np.array([statistic([samples[index] for index in indices]) for indices in drawn])
    low, high = np.quantile(resampled, [0.5 - 0.5 * confidence, 0.5 + 0.5 * confidence])
    return Estimate(float(statistic(samples)), float(resampled.std(ddof=1)), float(low), float(high), count)


def bootstrap_t(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    r"""Return the bootstrap-t interval of the mean of independent values ``[N]``, which follows their skew.

    Quantiles of $(\bar x^* - \bar x) / (s^* / \sqrt N)$ over resamples take the place of Student's. The spread $s^*$ of
    a resample counts as at least a fifth of the sample's; without this bound one outlier among similar values can make
    the interval a hundred times too long, since a third of the resamples lack it. The resamples depend on ``N`` only.
    Source: Efron 1979; Hall 1988, "Theoretical comparison of bootstrap confidence intervals".

    Raises:
        UserError: fewer values than :data:`FEWEST`, or a confidence outside (0, 1).
    """
    count = len(values)
    if count < FEWEST:
        raise UserError(f"bootstrap_t: expected at least {FEWEST} values, found {count}")
    if not 0 < confidence < 1:
        raise UserError(f"confidence: expected a fraction between 0 and 1, found {confidence}")
    sample = np.asarray(values, dtype=np.float64)
    mean, spread = sample.mean(), sample.std(ddof=1)
    if not spread:
        return float(mean), float(mean)
    resampled = sample[_drawn(count, _RESAMPLES, 0)]  # [R, N]
    spreads = np.maximum(resampled.std(axis=1, ddof=1), _LEAST_SPREAD * spread)
    scores = (resampled.mean(axis=1) - mean) / spreads
    # The quantile p is the (R + 1) p-th score: the 50th and the 1,950th of 1,999 at a confidence of 95 %.
    low, high = np.quantile(scores, [0.5 - 0.5 * confidence, 0.5 + 0.5 * confidence], method="weibull")
    return float(mean - high * spread), float(mean - low * spread)


@cache
def _drawn(count: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Return the entries of each resample, ``[resamples, count]``."""
    uniform = random.uniform(random.keys(seed, resamples), 0, "bootstrap", (count,), torch.float64)
    drawn: NDArray[np.int64] = (uniform * count).long().numpy()
    return drawn
