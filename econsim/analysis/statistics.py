"""Means over seeds with confidence intervals."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from econsim.errors import UserError

__all__ = ["Interval", "mean_interval"]


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval; ``low`` and ``high`` are ``None`` for a single value."""

    mean: float
    low: float | None
    high: float | None
    count: int


def mean_interval(values: Iterable[float], confidence: float = 0.95) -> Interval:
    """Return the mean of independent values with Student's t interval.

    Raises:
        UserError: no value, one that is not finite, or a confidence outside (0, 1).
    """
    numbers = [float(value) for value in values]
    if not numbers or not all(math.isfinite(number) for number in numbers):
        raise UserError(f"mean_interval: expected finite numbers, found {numbers}")
    if not 0 < confidence < 1:
        raise UserError(f"confidence: expected a fraction between 0 and 1, found {confidence}")
    mean = statistics.fmean(numbers)
    if len(numbers) == 1:
        return Interval(mean, None, None, 1)
    from scipy.special import stdtrit

    error = statistics.stdev(numbers) / math.sqrt(len(numbers))
    margin = float(stdtrit(len(numbers) - 1, 0.5 + 0.5 * confidence)) * error
    return Interval(mean, mean - margin, mean + margin, len(numbers))
