"""The excess burden of taxes, and the marginal value of public funds."""

from __future__ import annotations

import math
from typing import NamedTuple

from numpy.typing import ArrayLike

from econsim.analysis.inequality import arrays, sample
from econsim.errors import UserError

__all__ = ["Burden", "flat_tax_burden", "marginal_value_of_public_funds", "schedule_burden"]


class Burden(NamedTuple):
    """The burden of taxes in money per person: the loss of people, the revenue, and the excess burden."""

    loss: float
    revenue: float
    excess_burden: float


def schedule_burden(
    utility_untaxed: ArrayLike,
    utility: ArrayLike,
    tax: ArrayLike,
    rebate: ArrayLike = 0.0,
    people: ArrayLike | None = None,
) -> Burden:
    """Return the burden of a schedule where utility is in money (quasi-linear workers), from two runs.

    For other utility use money metrics: zero for ``utility_untaxed``, and for ``utility`` the equivalent variation.

    Args:
        utility_untaxed: ``[N]`` without taxes and rebates.
        utility: ``[N]`` with both; the rebate is subtracted before the loss is computed.
        tax: ``[N]``.
        rebate: of each person.
        people: ``[N]`` weights, one each if not given.
    """
    without, mass = sample(utility_untaxed, people, "utility_untaxed")
    taxed, paid = sample(arrays(utility)[0] - arrays(rebate)[0], people)[0], sample(tax, people)[0]
    loss, revenue = float(mass @ (without - taxed)), float(mass @ paid)
    return Burden(loss, revenue, loss - revenue)


def flat_tax_burden(
    untaxed_income: ArrayLike, rate: float, elasticity: float, people: ArrayLike | None = None
) -> Burden:
    """Return the burden of a flat tax for quasi-linear isoelastic workers, in closed form.

    Income is $z_0 (1 - t)^e$ and utility $z_0 (1 - t)^{1 + e} / (1 + e)$.

    Raises:
        UserError: a rate outside [0, 1], or an elasticity below zero.
    """
    if not 0 <= rate <= 1 or elasticity < 0:
        raise UserError(f"expected a rate in [0, 1] and an elasticity of 0 or more, found {rate} and {elasticity}")
    incomes, mass = sample(untaxed_income, people, "untaxed_income")
    mean = float(mass @ incomes)
    loss = mean * (1.0 - (1.0 - rate) ** (1.0 + elasticity)) / (1.0 + elasticity)
    revenue = mean * rate * (1.0 - rate) ** elasticity
    return Burden(loss, revenue, loss - revenue)


def marginal_value_of_public_funds(worth: ArrayLike, cost: ArrayLike, people: ArrayLike | None = None) -> float:
    """Return the willingness to pay for a policy over its net cost to the budget, after all responses.

    Infinite where it pays for itself and people gain; missing where both are zero. A small cut of a flat tax has
    $1 / (1 - e t / (1 - t))$. A policy that people would pay to avoid and that raises revenue has the same ratio as its
    reverse.

    Args:
        worth: the willingness to pay of each person, ``[N]`` money. Quasi-linear workers: the change of utility,
            rebates left out where these only close the budget.
        cost: the cost to the budget of each person, ``[N]``: less tax, more transfers.
        people: ``[N]`` weights, one each if not given.

    Source: Hendren and Sprung-Keyser 2020, "A unified welfare analysis of government policies".
    """
    gains, mass = sample(worth, people, "worth")
    total, paid = float(mass @ gains), float(mass @ sample(cost, people, "cost")[0])
    if paid <= 0 and total > 0:
        return math.inf
    return total / paid if paid else math.nan
