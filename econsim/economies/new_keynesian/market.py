r"""One period: prices, output and what households buy, which clear the markets of goods, labour and debt.

One unknown per copy clears the goods market, and the other markets with it. Up to one it is the share $u$ of the
economy's capacity that is produced; effective labour is $u$ times what households offer at the wage of the capacity.
Firms sell as long as a unit of output is worth its marginal cost, so that at the capacity the real wage is one. Where
demand exceeds the capacity, all buyers get the same share of their demand, two less the unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from econsim.economies.bewley.period import total
from econsim.economies.bewley.requirements import require
from econsim.mechanisms.numerics import power

__all__ = ["Faced", "Firms", "Outcome", "as_price_takers", "cleared"]

_ROUNDS = 60
_PRECISION = 1e-14
"""Of the goods market, relative to the capacity."""
_PAYABLE = 0.9
"""The largest share of the poorest household's resources that a tax that is equal for all may take."""
TOO_MUCH_HELD = (
    "new_keynesian: households hold more than economy.largest_assets by more than what is produced, so that the goods"
    " market has no equilibrium; raise economy.largest_assets, or lower economy.slope"
)


class Firms(NamedTuple):
    """Numbers of firms and of labour supply, and the largest assets of a household."""

    markup: float
    slope: float
    curvature: float  # of the disutility of hours
    largest: float

    @property
    def cost(self) -> float:
        """Costs of changing prices over output and squared log gross inflation."""
        return self.markup / (self.markup - 1.0) / (2.0 * self.slope)


class Faced(NamedTuple):
    """What a period starts with, float64."""

    assets: Tensor  # [B, N]
    mass: Tensor  # [B, N]
    labour: Tensor  # [B, N] effective, at the wage of the stationary equilibrium
    shares: Tensor  # [B, N] of resources that households want to spend
    nominal_rate: Tensor  # [B] of debt that falls due
    debt: Tensor  # [B]
    expected: Tensor  # [B] inflation's part in the Phillips curve that comes from the next period


class Outcome(NamedTuple):
    """What happens in a period, float64; ``[B]`` per household where nothing else is said."""

    rise: Tensor  # hours over those offered at the wage of the stationary equilibrium
    output: Tensor
    wage: Tensor
    log_inflation: Tensor  # logarithm of gross inflation
    interest_rate: Tensor  # real, on debt that falls due
    profit: Tensor
    costs: Tensor
    unmet: Tensor  # share of demand
    transfer: Tensor  # [B, N]
    consumption: Tensor  # [B, N]
    assets: Tensor  # [B, N] at the end of the period

    def gap(self, mass: Tensor) -> Tensor:
        """Return demand less supply in the goods market, ``[B]``."""
        return total(mass, self.consumption) - (self.output - self.costs)


def cleared(faced: Faced, firms: Firms) -> Outcome:
    """Return the period in which all markets clear.

    Raises:
        UserError: there is none, since what households hold above the largest assets is more than what is produced.
    """

    def gap(point: Tensor) -> Tensor:
        return _outcome(point, faced, firms).gap(faced.mass)

    one, zero = torch.ones_like(faced.debt), torch.zeros_like(faced.debt)
    capacity = _outcome(one, faced, firms)
    at_capacity, at_most = capacity.gap(faced.mass), gap(one + one)
    require(at_most < 0, TOO_MUCH_HELD)
    is_short = at_capacity > 0  # of goods, at the capacity
    ends = Ends(
        low=torch.where(is_short, one, zero),
        high=torch.where(is_short, one + one, one),
        above=torch.where(is_short, at_capacity, gap(zero)),
        below=torch.where(is_short, -at_most, -at_capacity),
    )
    return _outcome(_root(gap, ends, _PRECISION * capacity.output), faced, firms)


class Ends(NamedTuple):
    """An interval with a zero of a function, ``[B]``."""

    low: Tensor
    high: Tensor
    above: Tensor  # the function at ``low``, positive
    below: Tensor  # minus the function at ``high``, not negative


def _root(gap: Callable[[Tensor], Tensor], ends: Ends, precision: Tensor) -> Tensor:
    """Return where a function is zero, ``[B]``, to a ``precision`` of its value, by the Illinois method.

    A copy that has converged stays as it is, so that no copy depends on others.
    """
    low, high, above, below = ends
    point, was_above, was_below = high, below < 0, below < 0  # both false
    is_found = below <= precision
    for _ in range(_ROUNDS):
        if is_found.all():
            break
        point = torch.where(is_found, point, low + (high - low) * (above / (above + below)))
        value = gap(point)
        is_above = value > 0
        above = torch.where(is_above, value, torch.where(was_below, 0.5 * above, above))
        below = torch.where(is_above, torch.where(was_above, 0.5 * below, below), -value)
        low, high = torch.where(is_above, point, low), torch.where(is_above, high, point)
        was_above, was_below = is_above, ~is_above
        is_found = is_found | (value.abs() <= precision)
    return point


def _outcome(point: Tensor, faced: Faced, firms: Firms) -> Outcome:
    """Return what happens at a value ``[B]`` of the unknown, whether or not the goods market clears."""
    served = (2.0 - point).clamp(max=1.0)
    rise = firms.markup ** (1.0 / firms.curvature) * point.clamp(max=1.0)
    wage = power(rise, firms.curvature) / firms.markup
    output = rise * total(faced.mass, faced.labour)
    log_inflation = firms.slope * (wage - 1.0 / firms.markup) + faced.expected
    costs = firms.cost * log_inflation.square() * output
    real = (1.0 + faced.nominal_rate) * (-log_inflation).exp() - 1.0
    profit = (1.0 - wage) * output - costs
    before = _before_transfer(faced, real, wage * rise)
    resources = _after_transfer(before, faced.mass, profit - real * faced.debt)
    consumption = _consumption(faced, firms, resources, served)
    return Outcome(
        rise,
        output,
        wage,
        log_inflation,
        real,
        profit,
        costs,
        1.0 - served,
        resources - before,
        consumption,
        resources - consumption,
    )


def as_price_takers(faced: Faced, firms: Firms, found: Outcome) -> Outcome:
    """Return the same period with the derivatives of each household's own choices, as it takes prices as given."""
    found = Outcome(*(each.detach() for each in found))
    resources = _before_transfer(faced, found.interest_rate, found.wage * found.rise) + found.transfer
    consumption = _consumption(faced, firms, resources, 1.0 - found.unmet)
    return found._replace(consumption=consumption, assets=resources - consumption)


def _before_transfer(faced: Faced, real: Tensor, paid: Tensor) -> Tensor:
    """Return what households have before the transfer ``[B, N]``; ``paid`` ``[B]`` for labour as it is offered."""
    return faced.assets + real[:, None] * faced.assets + paid[:, None] * faced.labour


def _consumption(faced: Faced, firms: Firms, resources: Tensor, served: Tensor) -> Tensor:
    """Return consumption ``[B, N]`` out of resources, where a share ``served`` ``[B]`` of demand is met."""
    return torch.maximum(served[:, None] * (faced.shares * resources), resources - firms.largest)


def _after_transfer(before: Tensor, mass: Tensor, transfer: Tensor) -> Tensor:
    """Return resources ``[B, N]`` after a mean transfer ``[B]``, given what households have ``before`` it.

    It is equal for all. A tax that would take more than nine tenths of what the poorest household has is equal up to
    that amount, and the rest is in proportion to what is then left, so that everybody can pay it.
    """
    equal = torch.maximum(transfer, -_PAYABLE * before.amin(-1))
    mean = total(mass, before)
    return (before + equal[:, None]) * ((mean + transfer) / (mean + equal))[:, None]
