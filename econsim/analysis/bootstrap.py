"""Standard errors of any statistic by the bootstrap over seeds: seeds are drawn again, with replacement.

The seed (or episode) is what is independent; people within one are not, so that they are not what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from econsim import random
from econsim.errors import UserError

__all__ = ["Estimate", "bootstrap"]

T = TypeVar("T")


@dataclass(frozen=True)
class Estimate:
    """A statistic of ``count`` seeds, its standard error and interval (percentiles of what redrawn seeds give)."""

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
    """Return a statistic of what seeds gave, with its bootstrap standard error and percentile interval.

    With few seeds the interval is too narrow (for a mean of five by about a fifth); for means
    :func:`econsim.analysis.statistics.mean_interval` is better then. Source: Efron 1979.

    Args:
        samples: one entry a seed, for example its accounts.
        statistic: of any such sequence, for example the Gini coefficient of all people in it.
        resamples: how often seeds are drawn again.
        confidence: of the interval.
        seed: of the draws.

    Raises:
        UserError: fewer than two seeds, or a confidence outside (0, 1).
    """
    count = len(samples)
    if count < 2:
        raise UserError(f"bootstrap: at least two seeds are needed to see how they differ, found {count}")
    if not 0 < confidence < 1:
        raise UserError(f"confidence: expected a fraction between 0 and 1, not {confidence}")
    uniform = random.uniform(random.keys(seed, resamples), 0, "bootstrap", (count,), torch.float64)
    drawn = (uniform * count).long().tolist()
    found = np.array([statistic([samples[index] for index in places]) for places in drawn])
    low, high = np.quantile(found, [0.5 - 0.5 * confidence, 0.5 + 0.5 * confidence])
    return Estimate(float(statistic(samples)), float(found.std(ddof=1)), float(low), float(high), count)
