"""Bunching: the elasticity of income estimated from the mass of people at a jump of the marginal tax rate."""

from __future__ import annotations

import math
from typing import NamedTuple

from numpy.typing import ArrayLike

from econsim.analysis.inequality import sample
from econsim.errors import UserError

__all__ = ["Bunching", "bunching"]


class Bunching(NamedTuple):
    """Estimates at a kink.

    elasticity: of income to the net-of-tax rate that explains the bunching.
    excess_share: share of all people who bunch because of the kink.
    moved: the reduction of income, in money, of the marginal person who bunches.
    """

    elasticity: float
    excess_share: float
    moved: float


def bunching(
    income: ArrayLike,
    kink: float,
    rate_below: float,
    rate_above: float,
    window: float,
    people: ArrayLike | None = None,
) -> Bunching:
    """Return the elasticity that explains the number of people who bunch at a kink of the schedule.

    The people within ``window`` of the kink, minus those expected from the densities beside it (bands as wide as the
    window), reduced incomes of up to $k x$, $x = ((1 - t_-) / (1 - t_+))^e$, with kink $k$. With densities $h$ at
    both sides their share is $k (x - 1) (h_- + h_+ / x) / 2$, which is solved for $x$: exact where the
    density would be even between these incomes.

    Args:
        income: ``[N]``.
        kink: the income at which the rate jumps.
        rate_below: marginal rate.
        rate_above: marginal rate, higher and below one.
        window: money on each side of the kink within which people bunch, since they miss the kink by a little.
        people: ``[N]`` weights, one each if not given.

    Raises:
        UserError: rates that do not rise, a window that extends below zero, or no people beside it.

    Source: Saez 2010, "Do taxpayers bunch at kink points?", equation 5.
    """
    if not 0 <= rate_below < rate_above < 1:
        raise UserError(f"bunching: expected rates that rise and are below 1, found {rate_below} and {rate_above}")
    if not 0 < 2 * window <= kink:
        raise UserError(f"window: expected money above 0 and at most half of the kink ({kink:g}), found {window}")
    values, mass = sample(income, people, "income")
    away = values - kink
    below = float(mass[(away >= -2 * window) & (away < -window)].sum())
    above = float(mass[(away > window) & (away <= 2 * window)].sum())
    if below <= 0 or above <= 0:
        raise UserError(f"window: nobody within {window:g} to {2 * window:g} of the kink on one side; increase it")
    excess = float(mass[(away >= -window) & (away <= window)].sum()) - below - above
    factor = _factor(2 * excess / kink, below / window, above / window)
    elasticity = math.log(factor) / math.log((1 - rate_below) / (1 - rate_above))
    return Bunching(elasticity, excess, kink * (factor - 1))


def _factor(excess: float, below: float, above: float) -> float:
    """Return ``x`` of ``excess = (x - 1) (below + above / x)``, the positive root of a quadratic equation."""
    linear = above - below - excess
    return (-linear + math.sqrt(linear**2 + 4 * below * above)) / (2 * below)
