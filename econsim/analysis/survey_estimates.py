"""Design-based estimates of a simple random sample of a finite population: means and shares, also of groups.

The people asked are the only thing that is random: a population that was asked completely has no sampling error. A
group's estimate uses the whole sample, with zeros outside the group, since the number of its members in the sample is
random too. Variances are those of Taylor linearisation, intervals of shares are Student's on the logit scale.

References: Cochran (1977), "Sampling Techniques", sections 2.6, 2.8 and 5A.12; Korn and Graubard (1998), "Confidence
intervals for proportions with small expected number of positive counts estimated from survey data", Survey Methodology.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from econsim.analysis.statistics import student_margin

__all__ = ["SurveyEstimate", "estimate"]


@dataclass(frozen=True)
class SurveyEstimate:
    """A mean or a share of the answers of ``count`` people, with its interval.

    ``low`` and ``high`` are ``None`` where the sample says nothing about the error (one person, or equal answers);
    without sampling error they equal the value.
    """

    value: float
    low: float | None
    high: float | None
    count: int


def estimate(
    values: Sequence[float],
    weights: Sequence[float],
    members: Sequence[bool],
    population: int,
    share: bool = False,
    confidence: float = 0.95,
) -> SurveyEstimate | None:
    """Return the estimate for the members of a group; ``None`` if nobody of the sample is in it.

    Args:
        values: the answer of each person of the sample; for a share, 0 or 1.
        weights: the number of people that each stands for.
        members: whether each is in the group.
        population: the number of people from whom the sample was drawn.
        share: whether the values are 0 or 1, and the interval is that of a share.
        confidence: level of the interval.
    """
    size, count = len(values), sum(members)
    inside = [weight * member for weight, member in zip(weights, members, strict=True)]
    total = math.fsum(inside)
    if not count or not total:
        return None
    mean = math.fsum(weight * value for weight, value in zip(inside, values, strict=True)) / total
    if size >= population:
        return SurveyEstimate(mean, mean, mean, count)
    answers = {value for value, member in zip(values, members, strict=True) if member}
    if len(answers) < 2:
        return SurveyEstimate(mean, None, None, count)
    parts = [weight * (value - mean) / total for weight, value in zip(inside, values, strict=True)]
    variance = (1 - size / population) * size / (size - 1) * math.fsum(part * part for part in parts)
    margin = student_margin(math.sqrt(variance), size - 1, confidence)
    if not share:
        return SurveyEstimate(mean, mean - margin, mean + margin, count)
    centre, reach = math.log(mean / (1 - mean)), margin / (mean * (1 - mean))
    low, high = (1 / (1 + math.exp(-bound)) for bound in (centre - reach, centre + reach))
    return SurveyEstimate(mean, low, high, count)
