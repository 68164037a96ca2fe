"""Statistical power of an audit: how many people are needed before the interval of an elasticity allows a verdict."""

from __future__ import annotations

__all__ = ["MOST", "POWER", "chance_of_verdict", "people_needed"]

POWER = 0.8
"""Probability of a verdict for which the number of people is computed (Cohen 1988, section 2.4)."""
MOST = 1_000_000
"""The largest number of people that is considered."""


def chance_of_verdict(people: int, mean: float, spread: float, bound: float, confidence: float = 0.95) -> float:
    """Return the probability that the interval of a mean lies above ``bound``, below ``-bound``, or between them.

    With the standard error e = spread / sqrt(n), the half-width t e of Student's interval and the normal distribution
    function F, the probabilities are F((m - b)/e - t), F((-b - m)/e - t) and F((b - m)/e - t) + F((b + m)/e - t) - 1:
    the normal approximation of one-sample tests of inequality and of equivalence (Chow, Shao and Wang 2008, "Sample
    Size Calculations in Clinical Research", sections 3.1.1 and 3.1.3), with the quantile of Student's t in place of the
    normal one, since the spread is estimated.

    Args:
        people: number of people n, at least 2.
        mean: the true mean m.
        spread: the standard deviation between people.
        bound: the largest absolute mean b that counts as none.
        confidence: level of the interval.
    """
    from scipy.special import ndtr, stdtrit

    if spread == 0.0:
        return float(abs(mean) != bound)
    error, quantile = spread / people**0.5, float(stdtrit(people - 1, 0.5 + 0.5 * confidence))
    above, below = ndtr((mean - bound) / error - quantile), ndtr((-bound - mean) / error - quantile)
    within = ndtr((bound - mean) / error - quantile) + ndtr((bound + mean) / error - quantile) - 1.0
    return float(above + below + max(within, 0.0))


def people_needed(
    mean: float, spread: float, bound: float, fewest: int, power: float = POWER, confidence: float = 0.95
) -> int | None:
    """Return the smallest number of people that give a verdict with probability ``power``, at least ``fewest``.

    Arguments are those of :func:`chance_of_verdict`; ``None`` if :data:`MOST` people would not do.
    """
    low, high = fewest - 1, fewest
    while chance_of_verdict(high, mean, spread, bound, confidence) < power:
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        enough = chance_of_verdict(middle, mean, spread, bound, confidence) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high
