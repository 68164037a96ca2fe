"""Weighted means over people in clusters: one value per episode or training seed, from which intervals are computed.

People of one episode share its random draws, and those of one training seed its agents; the clusters are independent.
"""

from __future__ import annotations

from econsim.analysis.inequality import Floats

__all__ = ["linearised"]


def linearised(amount: Floats, people: Floats) -> Floats:
    r"""Return one value per cluster, ``[C]``, whose mean is the weighted mean of all people.

    Value $c$ is $R + \sum_i w_{ci} (x_{ci} - R) / \bar w$, where $R = \sum_{ci} w_{ci} x_{ci} / \sum_{ci} w_{ci}$ and
    $\bar w$ is the mean number of people of a cluster. Where all clusters have the same number of people it is the
    cluster's own weighted mean. Otherwise the spread of these values is, to first order, that of the ratio $R$.

    Args:
        amount: ``[C, N]``.
        people: ``[C, N]`` weights, at least one of them positive; those of people outside a group are zero.

    Source: Taylor linearisation of a ratio (Woodruff 1971, "A simple method for approximating the variance of a
    complicated estimate"; Cochran 1977, "Sampling Techniques", section 6.8).
    """
    totals = people.sum(1)
    mean = float((people * amount).sum() / totals.sum())
    values: Floats = mean + (people * (amount - mean)).sum(1) / totals.mean()
    return values
