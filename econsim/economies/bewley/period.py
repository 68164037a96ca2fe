"""One period: production, prices, taxes, the transfer that closes the government's budget, and consumption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from econsim.economies.bewley.state import Flows, State
from econsim.mechanisms.numerics import power
from econsim.mechanisms.preferences import isoelastic

__all__ = ["no_flows", "total", "trade"]


def total(mass: Tensor, amount: Tensor) -> Tensor:
    """Return the mean per household ``[B]``, float64."""
    return (mass.double() * amount.double()).sum(-1)


class Market(NamedTuple):
    """What no single household moves in a period, float64 ``[B]``."""

    output: Tensor  # per household
    labour: Tensor  # effective, per household
    rate: Tensor  # of interest
    wage: Tensor  # of a unit of effective labour


def trade(
    state: State,
    values: Mapping[str, Tensor],
    productivity: Tensor,
    shares: Tensor,
    hours: Tensor,
    most: float,
    takes_prices: bool = False,
) -> Flows:
    """Return what happens in a period in which households consume ``shares`` ``[B, N]`` of resources, work ``hours``.

    Aggregates are float64 ``[B]``; prices are those of the firm's first-order conditions. No household ends the period
    with more than ``most`` assets: beyond that it consumes. What its consumption tax yields is public consumption.

    Args:
        state: at the start of the period.
        values: the numeric parameters, float64 ``[B]`` or a scalar.
        productivity: ``[B, N]``.
        shares: ``[B, N]``.
        hours: ``[B, N]``.
        most: the largest assets.
        takes_prices: whether prices and the transfer have a derivative of zero, as a single household takes them.
    """
    of_consumption, mass = state.policy.double()[:, 0], state.mass
    effective = productivity * hours
    market = _market(state, values, total(mass, effective))
    if takes_prices:
        market = Market(*(each.detach() for each in market))
    before, direct = _before_transfer(state, market, effective)
    transfer = _transfer(state, before, direct, shares)
    transfer = transfer.detach() if takes_prices else transfer
    resources = before + _wide(transfer, mass)
    assets = ((1 - shares) * resources).clamp(max=most)
    paid = resources - assets
    consumption = paid / (1 + _wide(of_consumption, mass))
    tax = direct + _wide(of_consumption / (1 + of_consumption), mass) * paid
    curvature = _wide(values["labour_curvature"], mass)
    disutility = _wide(values["labour_weight"], mass) * power(hours, 1 + curvature)
    disutility = disutility / (1 + curvature)
    return Flows(
        mass=mass,
        productivity=productivity,
        assets=assets,
        consumption=consumption,
        hours=hours,
        income=_wide(market.wage, mass) * effective + _wide(market.rate, mass) * state.assets,
        tax=tax,
        utility=isoelastic(consumption, _wide(values["risk_aversion"], mass)) - disutility,
        output=market.output,
        capital=state.capital,
        interest_rate=market.rate,
        wage=market.wage,
        mean_consumption=total(mass, consumption),
        spending=total(mass, tax) - transfer,
        transfer=transfer,
    )


def _market(state: State, values: Mapping[str, Tensor], labour: Tensor) -> Market:
    """Return output and the prices at which firms employ all capital and ``labour`` ``[B]``."""
    capital, share = state.capital, values["capital_share"]
    output = values["technology"] * power(capital, share)
    output = output * power(labour, 1 - share)
    rate = share * output / capital - values["depreciation"]
    return Market(output, labour, rate, (1 - share) * output / labour)


def _before_transfer(state: State, market: Market, effective: Tensor) -> tuple[Tensor, Tensor]:
    """Return resources before the transfer, and taxes on labour income, interest and wealth, ``[B, N]`` each."""
    _, of_labour, progressivity, of_interest, of_wealth, _ = state.policy.double().unbind(-1)
    mass, wage = state.mass, market.wage
    earned = _wide(wage, mass) * effective
    relative = effective / _wide(market.labour, mass)  # to mean earnings
    kept = _wide((1 - of_labour) * wage * market.labour, mass) * power(relative, 1 - _wide(progressivity, mass))
    interest_tax = of_interest * market.rate.clamp(min=0)
    on_assets = _wide(interest_tax + of_wealth, mass) * state.assets
    before = state.assets + _wide(market.rate, mass) * state.assets - on_assets + kept
    return before, earned - kept + on_assets


def _transfer(state: State, before: Tensor, direct: Tensor, shares: Tensor) -> Tensor:
    """Return the transfer that closes the government's budget, ``[B]``."""
    policy, mass = state.policy.double(), state.mass
    of_consumption, left = policy[:, 0], 1 - policy[:, -1]
    inclusive = of_consumption / (1 + of_consumption)  # of what a consumer pays
    revenue = total(mass, direct) + inclusive * total(mass, shares * before)
    return left * revenue / (1 - left * inclusive * total(mass, shares))


def _wide(number: Tensor, like: Tensor) -> Tensor:
    """Return numbers ``[B]`` as ``[B, 1]`` in the precision of ``like``."""
    return number.to(like.dtype)[:, None]


def no_flows(mass: Tensor, productivity: Tensor, assets: Tensor, capital: Tensor, means: Mapping[str, float]) -> Flows:
    """Return the flows before the first period: zero, with output and prices of the initial equilibrium, ``means``."""
    none, zero = torch.zeros_like(assets), torch.zeros_like(capital)
    given = {name: torch.full_like(capital, value) for name, value in means.items()}
    individual = dict.fromkeys(("consumption", "hours", "income", "tax", "utility"), none)
    others = dict.fromkeys(("mean_consumption", "spending", "transfer"), zero)
    return Flows(mass=mass, productivity=productivity, assets=assets, capital=capital, **individual, **given, **others)
