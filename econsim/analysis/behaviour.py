"""Comparison of behaviour under two conditions: paired differences of choices, with intervals and a verdict.

The same players meet the same random draws under both conditions. A unit is an episode or a player, for which choices
are shares of options, or numbers in shares of their range. All options of a role are compared at once, so that each of
K intervals has the confidence 1 - 0.05 / K (Bonferroni), and the verdict rests on the option that differs most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.power import people_needed
from econsim.analysis.statistics import Interval, mean_interval
from econsim.errors import UserError

__all__ = ["FEWEST", "SMALL", "Change", "Verdict", "change", "compared"]

SMALL = 0.05
"""The largest absolute difference of a share that counts as none."""
FEWEST = 5
"""The smallest number of units for a verdict."""
_LEVEL = 0.05
Verdict = Literal["changes", "does not change", "no verdict"]


@dataclass(frozen=True)
class Change:
    """A difference between two conditions.

    choice: the option, or the number, that differs most. difference: of its share, with an interval over units.
    verdict: whether the interval lies beyond ``SMALL``, within it, or neither. units: their number. units_needed: the
    number of units that give a verdict with a probability of 80 %, if mean and spread are those found; ``None`` if more
    than a million would be needed.
    """

    choice: str
    difference: Interval
    verdict: Verdict
    units: int
    units_needed: int | None


def compared(base: ArrayLike, other: ArrayLike, choices: Sequence[str]) -> Change:
    """Return the change between two conditions.

    Args:
        base: ``[U, K]``, shares in [0, 1] of ``K`` choices of ``U`` units.
        other: ``[U, K]``, those of the same units under the other condition.
        choices: ``K`` names.

    Raises:
        UserError: the shapes differ, or there is no unit or no choice.
    """
    differences = np.asarray(other, dtype=np.float64) - np.asarray(base, dtype=np.float64)
    if differences.ndim != 2 or differences.shape[1] != len(choices) or not differences.size:
        raise UserError(f"compared: expected [units, {len(choices)} choices], found {list(differences.shape)}")
    changes = [change(column, name, len(choices)) for column, name in zip(differences.T, choices, strict=True)]
    verdicts = {each.verdict for each in changes}
    most = max(changes, key=lambda each: (each.verdict == "changes", abs(each.difference.mean)))
    if most.verdict == "changes" or verdicts == {"does not change"}:
        return most
    undecided = [each for each in changes if each.verdict == "no verdict"]
    return max(undecided, key=lambda each: abs(each.difference.mean))


def change(differences: ArrayLike, choice: str = "", comparisons: int = 1, small: float = SMALL) -> Change:
    """Return the change that paired ``differences`` ``[U]`` of one choice show, as one of several ``comparisons``."""
    values = np.asarray(differences, dtype=np.float64)
    interval = mean_interval(values, 1.0 - _LEVEL / comparisons)
    low = interval.mean if interval.low is None else interval.low
    high = interval.mean if interval.high is None else interval.high
    verdict: Verdict = "no verdict"
    if len(values) >= FEWEST and (low > small or high < -small):
        verdict = "changes"
    elif len(values) >= FEWEST and low >= -small and high <= small:
        verdict = "does not change"
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    needed = people_needed(interval.mean, spread, small, FEWEST, confidence=1.0 - _LEVEL / comparisons)
    return Change(choice, interval, verdict, len(values), needed)
