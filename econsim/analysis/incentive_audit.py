"""Incentive audit: a test of whether a population responds to incentives, before conclusions about policies.

The same people face several flat taxes, each in an environment copy of its own, and nothing else differs. Their hours
give the elasticity of hours to the net-of-tax rate with an interval over people, the share of people who work, and the
share who work more where taxes are higher. ``docs/personas.md`` defines the verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats
from econsim.analysis.power import people_needed
from econsim.analysis.statistics import EQUAL, JACKKNIFE, Interval, student_margin
from econsim.errors import UserError

__all__ = ["FEWEST", "MOST_REPLACED", "RATES", "SMALL", "Audit", "Verdict", "audit_hours"]

RATES = (0.12, 0.24, 0.35, 0.9)
"""Flat tax rates of an audit, unless others are given."""
SMALL = 0.05
"""The largest absolute elasticity that counts as no response."""
FEWEST = 5
"""The smallest number of people for a verdict; the jackknife interval over fewer people is not reliable."""
MOST_REPLACED = 0.05
"""The largest share of answers that may be missing, and replaced by the failure policy, for a verdict."""
_ROUNDING = 1e-12  # of a slope of logarithms of order one
Verdict = Literal["responds", "does not respond", "responds in the wrong direction", "no verdict", "nobody works"]


@dataclass(frozen=True)
class Audit:
    """Responses of people to flat taxes.

    rates: ``[R]`` fractions, increasing. mean_hours: ``[R]`` a week, weighted. participation: ``[R]``, the share of
    people who work at all. elasticity: of mean hours to the net-of-tax rate, with an interval over people; ``None``
    where anybody works under fewer than two rates. responding_share: people who work less under the highest rate
    than under the lowest. monotone_share: people who never work more under a higher rate. repeat_spread: the standard
    deviation of one person's hours under one rate over repetitions, averaged over people, in hours; 0 with one.
    spread: the standard deviation of the elasticity between people, 0 where there is no interval. replaced_share: the
    share of answers that could not be used, so that the failure policy decided.
    """

    rates: tuple[float, ...]
    mean_hours: tuple[float, ...]
    participation: tuple[float, ...]
    elasticity: Interval | None
    responding_share: float
    monotone_share: float
    repeat_spread: float
    people: int
    spread: float = 0.0
    replaced_share: float = 0.0

    @property
    def people_needed(self) -> int | None:
        """Number of people that give a verdict with a probability of 80 %, if elasticity and spread are the true ones.

        ``None`` if more than a million would be needed; see :func:`econsim.analysis.power.people_needed`.
        """
        mean = 0.0 if self.elasticity is None else self.elasticity.mean
        return people_needed(mean, self.spread, SMALL, FEWEST)

    @property
    def responses(self) -> tuple[float, ...]:
        """The change of mean hours from each lower rate to the highest, ``[R - 1]`` fractions; 0 where nobody works."""
        *lower, last = self.mean_hours
        return tuple(last / hours - 1.0 if hours else 0.0 for hours in lower)

    @property
    def verdict(self) -> Verdict:
        """Whether the population responds to incentives; none without enough people and answers."""
        if self.people < FEWEST or self.replaced_share > MOST_REPLACED:
            return "no verdict"
        if self.elasticity is None:
            return "nobody works" if max(self.mean_hours) == 0.0 else "responds"
        mean = self.elasticity.mean
        low = mean if self.elasticity.low is None else self.elasticity.low
        high = mean if self.elasticity.high is None else self.elasticity.high
        if high < -SMALL:
            return "responds in the wrong direction"
        if low > SMALL:
            return "responds"
        return "does not respond" if high <= SMALL and low >= -SMALL else "no verdict"


def audit_hours(
    hours: ArrayLike, rates: ArrayLike, people: ArrayLike | None = None, replaced_share: float = 0.0
) -> Audit:
    """Return the responses of people to flat taxes.

    Args:
        hours: ``[R, C, N]``, hours per week of ``N`` people under ``R`` flat rates, in ``C`` repetitions.
        rates: ``[R]``, fractions below one, increasing.
        people: ``[N]``, the number of people that each represents; equal if not given.
        replaced_share: share of the hours that are not the people's own, since they gave no answer that could be used.

    Raises:
        UserError: fewer than two rates, rates that do not increase or are not fractions below one, or other shapes.
    """
    worked, schedule = np.asarray(hours, dtype=np.float64), np.asarray(rates, dtype=np.float64)
    if schedule.ndim != 1 or len(schedule) < 2 or not ((schedule >= 0) & (schedule < 1)).all():
        raise UserError("rates: expected two flat tax rates or more, fractions of 0 or more and below 1")
    if (np.diff(schedule) <= 0).any():
        raise UserError("rates: expected increasing tax rates")
    if worked.ndim != 3 or len(worked) != len(schedule):
        raise UserError(f"hours: expected [rates, repetitions, people], not {list(worked.shape)}")
    weight = np.ones(worked.shape[-1]) if people is None else np.asarray(people, dtype=np.float64)
    hours_of_people = worked.mean(1)  # [R, N]
    step = np.diff(hours_of_people, axis=0)
    elasticity, spread = _elasticity(hours_of_people, 1.0 - schedule, weight)
    return Audit(
        rates=tuple(schedule.tolist()),
        mean_hours=tuple(np.average(hours_of_people, axis=-1, weights=weight).tolist()),
        participation=tuple(np.average((worked > 0).mean(1), axis=-1, weights=weight).tolist()),
        elasticity=elasticity,
        responding_share=float(np.average(hours_of_people[-1] < hours_of_people[0], weights=weight)),
        monotone_share=float(np.average((step <= 0).all(0), weights=weight)),
        repeat_spread=float(worked.std(1, ddof=1).mean()) if worked.shape[1] > 1 else 0.0,
        people=worked.shape[-1],
        spread=spread,
        replaced_share=replaced_share,
    )


def _elasticity(each: Floats, net_rate: Floats, weight: Floats) -> tuple[Interval | None, float]:
    """Return the slope of the log of mean hours ``[R, N]`` on log net-of-tax rates, and its spread between people.

    The interval is the jackknife over people; the spread is its standard error times the root of their number.
    """
    total = each @ weight
    at_work = total > 0
    if at_work.sum() < 2:
        return None, 0.0
    each, total, log_rate = each[at_work], total[at_work], np.log(net_rate[at_work])
    slope = float(_slope(np.log(total / weight.sum()), log_rate)) + 0.0  # avoids minus zero
    without = total[:, None] - each * weight
    if each.shape[1] < 2 or (without <= 0).any():
        return Interval(slope, None, None, each.shape[1], "none: a single person works under one of the rates"), 0.0
    left_out = _slope(np.log(without / (weight.sum() - weight)), log_rate)
    count = len(left_out)
    if np.ptp(left_out) <= _ROUNDING:
        return Interval(slope, None, None, count, EQUAL), 0.0
    error = float(np.sqrt((count - 1) / count * ((left_out - left_out.mean()) ** 2).sum()))
    margin = student_margin(error, count - 1)
    return Interval(slope, slope - margin, slope + margin, count, JACKKNIFE), error * count**0.5


def _slope(values: Floats, at: Floats) -> Floats:
    """Return the least-squares slope of ``values`` ``[R, ...]`` on ``at`` ``[R]``."""
    centred = at - at.mean()
    slope: Floats = np.tensordot(centred, values, axes=1) / (centred**2).sum()
    return slope
