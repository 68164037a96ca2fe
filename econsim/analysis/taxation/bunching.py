"""Bunching: how many people stay where the marginal rate jumps tells how incomes respond to it."""

from __future__ import annotations

import math
from typing import NamedTuple

from numpy.typing import ArrayLike

from econsim.analysis.inequality import sample
from econsim.errors import UserError

__all__ = ["Bunching", "bunching"]


class Bunching(NamedTuple):
    """What is found at a kink.

    elasticity: of income to the net-of-tax rate that explains the bunching.
    excess_share: share of all people who are there because of the kink.
    moved: how far, in money, the last of them came down.
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
    """Return the elasticity that explains how many people bunch at a kink of the schedule.

    Those within ``window`` of the kink, less those whom the densities beside it (bands as wide as the window) lead to
    expect, came down from incomes up to $k x$, $x = ((1 - t_-) / (1 - t_+))^e$, with kink $k$. With densities $h$ at
    both sides their share is $k (x - 1) (h_- + h_+ / x) / 2$, which is solved for $x$: exact where the
    density would be even between these incomes.

    Args:
        income: ``[N]``.
        kink: the income where the rate jumps.
        rate_below: marginal rate.
        rate_above: marginal rate, higher and below one.
        window: money on each side of the kink that holds all who bunch; people miss a kink by a little.
        people: ``[N]`` weights, one each if not given.

    Raises:
        UserError: rates that do not rise, a window that reaches below zero, or nobody beside it.

    Source: Saez 2010, "Do taxpayers bunch at kink points?", equation 5.
    """
    if not 0 <= rate_below < rate_above < 1:
        raise UserError(f"bunching: expected rates that rise and are below 1, not {rate_below} and {rate_above}")
    if not 0 < 2 * window <= kink:
        raise UserError(f"window: expected money above 0 and at most half of the kink ({kink:g}), not {window}")
    values, mass = sample(income, people, "income")
    away = values - kink
    below = float(mass[(away >= -2 * window) & (away < -window)].sum())
    above = float(mass[(away > window) & (away <= 2 * window)].sum())
    if below <= 0 or above <= 0:
        raise UserError(f"window: nobody within {window:g} to {2 * window:g} of the kink on one side; make it wider")
    excess = float(mass[(away >= -window) & (away <= window)].sum()) - below - above
    factor = _factor(2 * excess / kink, below / window, above / window)
    elasticity = math.log(factor) / math.log((1 - rate_below) / (1 - rate_above))
    return Bunching(elasticity, excess, kink * (factor - 1))


def _factor(excess: float, below: float, above: float) -> float:
    """Return ``x`` of ``excess = (x - 1) (below + above / x)``, the positive root of a quadratic equation."""
    linear = above - below - excess
    return (-linear + math.sqrt(linear**2 + 4 * below * above)) / (2 * below)
