"""Paired differences between baseline and reform, with intervals that account for common random numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from econsim.analysis.inequality import Floats, arrays
from econsim.analysis.statistics import mean_interval
from econsim.errors import UserError

__all__ = ["ROUNDING", "Difference", "paired_difference", "without_rounding"]

ROUNDING = 1e-12
"""Relative to the size of the numbers: smaller differences are rounding, not sampling error."""
_NOTHING = 1e-15  # relative to the largest amount of the same unit


@dataclass(frozen=True)
class Difference:
    """Means of baseline and reform over episodes, and their difference with its interval ``low`` to ``high``.

    ``error`` is the standard error of the paired difference, ``unpaired_error`` that of the difference between
    independent samples; both are ``None`` for a single episode. ``method`` says how the interval was computed, or why
    there is none, see :func:`econsim.analysis.statistics.mean_interval`.
    """

    baseline: float
    reform: float
    difference: float
    error: float | None
    unpaired_error: float | None
    low: float | None
    high: float | None
    count: int
    method: str

    @property
    def times_smaller(self) -> float | None:
        """The ratio of unpaired to paired error; infinite where the paired error is zero, ``None`` without shocks."""
        if self.error is None or not self.unpaired_error:
            return None
        return self.unpaired_error / self.error if self.error else math.inf


def without_rounding(amounts: Floats, largest: float) -> Floats:
    """Return amounts, zero where they are rounding beside the ``largest`` amount of the same unit."""
    return np.where(np.abs(amounts) <= _NOTHING * largest, 0.0, amounts)


def paired_difference(baseline: Any, reform: Any, confidence: float = 0.95) -> Difference:
    """Return the difference between values of the same episodes (or seeds), ``[E]`` each, under two policies.

    Raises:
        UserError: not one finite number per episode on each side.
    """
    before, after = arrays(baseline)[0], arrays(reform)[0]
    if before.ndim != 1 or before.shape != after.shape:
        raise UserError(
            "paired_difference: expected one number per episode on each side, found shapes"
            f" {list(before.shape)} and {list(after.shape)}"
        )
    size = ROUNDING * max(np.abs(before).max(), np.abs(after).max(), 1e-300)
    change = after - before
    if np.ptp(change) <= size:
        change = np.full_like(change, change.mean())
    interval, count = mean_interval(change.tolist(), confidence), len(change)
    error = unpaired = None
    if count > 1:
        error = _spread(change, size) / math.sqrt(count)
        unpaired = math.hypot(_spread(before, size), _spread(after, size)) / math.sqrt(count)
    return Difference(
        baseline=float(before.mean()),
        reform=float(after.mean()),
        difference=interval.mean,
        error=error,
        unpaired_error=unpaired,
        low=interval.low,
        high=interval.high,
        count=count,
        method=interval.method,
    )


def _spread(values: Floats, size: float) -> float:
    """Return the standard deviation, zero where values differ by rounding only."""
    return float(values.std(ddof=1)) if np.ptp(values) > size else 0.0
