"""One period: production, prices, taxes, the transfer that closes the government's budget, and consumption."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from econsim.economies.bewley.state import Flows, State
from econsim.mechanisms.numerics import power
from econsim.mechanisms.preferences import isoelastic

__all__ = ["no_flows", "total", "trade"]


def total(mass: Tensor, amount: Tensor) -> Tensor:
    """Return the mean per household ``[B]``, float64."""
    return (mass.double() * amount.double()).sum(-1)


def trade(
    state: State, values: Mapping[str, Tensor], productivity: Tensor, shares: Tensor, hours: Tensor, most: float
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
    """
    of_consumption, of_labour, progressivity, of_interest, of_wealth, spent = state.policy.double().unbind(-1)
    mass, capital = state.mass, state.capital
    effective = productivity * hours
    labour = total(mass, effective)
    output = values["technology"] * power(capital, values["capital_share"])
    output = output * power(labour, 1 - values["capital_share"])
    rate = values["capital_share"] * output / capital - values["depreciation"]
    wage = (1 - values["capital_share"]) * output / labour

    def wide(number: Tensor) -> Tensor:
        return number.to(mass.dtype)[:, None]

    earned = wide(wage) * effective
    relative = effective / wide(labour)  # to mean earnings
    kept = wide((1 - of_labour) * wage * labour) * power(relative, 1 - wide(progressivity))
    interest_tax = of_interest * rate.clamp(min=0)
    on_assets = wide(interest_tax + of_wealth) * state.assets
    before = state.assets + wide(rate) * state.assets - on_assets + kept
    direct = earned - kept + on_assets
    inclusive = of_consumption / (1 + of_consumption)  # of what a consumer pays
    revenue = total(mass, direct) + inclusive * total(mass, shares * before)
    left = 1 - spent
    transfer = left * revenue / (1 - left * inclusive * total(mass, shares))
    resources = before + wide(transfer)
    assets = ((1 - shares) * resources).clamp(max=most)
    paid = resources - assets
    consumption = paid / (1 + wide(of_consumption))
    tax = direct + wide(inclusive) * paid
    disutility = wide(values["labour_weight"]) * power(hours, 1 + wide(values["labour_curvature"]))
    disutility = disutility / (1 + wide(values["labour_curvature"]))
    return Flows(
        mass=mass,
        productivity=productivity,
        assets=assets,
        consumption=consumption,
        hours=hours,
        income=earned + wide(rate) * state.assets,
        tax=tax,
        utility=isoelastic(consumption, wide(values["risk_aversion"])) - disutility,
        output=output,
        capital=capital,
        interest_rate=rate,
        wage=wage,
        mean_consumption=total(mass, consumption),
        spending=total(mass, tax) - transfer,
        transfer=transfer,
    )


def no_flows(mass: Tensor, productivity: Tensor, assets: Tensor, capital: Tensor, means: Mapping[str, float]) -> Flows:
    """Return the flows before the first period: zero, with output and prices of the initial equilibrium, ``means``."""
    none, zero = torch.zeros_like(assets), torch.zeros_like(capital)
    given = {name: torch.full_like(capital, value) for name, value in means.items()}
    individual = dict.fromkeys(("consumption", "hours", "income", "tax", "utility"), none)
    others = dict.fromkeys(("mean_consumption", "spending", "transfer"), zero)
    return Flows(mass=mass, productivity=productivity, assets=assets, capital=capital, **individual, **given, **others)
