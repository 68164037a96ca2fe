"""One period: production, prices, taxes, what closes the government's budget, consumption, and the objective."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from econsim.economies.bewley.generations import Demography, SocialSecurity
from econsim.economies.bewley.income_tax import schedule_of
from econsim.economies.bewley.parameters import INSTRUMENTS, Objective, Parameters
from econsim.economies.bewley.population import People
from econsim.economies.bewley.requirements import require
from econsim.economies.bewley.state import Flows, State
from econsim.mechanisms import welfare
from econsim.mechanisms.numerics import power
from econsim.mechanisms.preferences import isoelastic
from econsim.mechanisms.taxes import brackets_tax

__all__ = [
    "ALL_LABOUR",
    "NOTHING_LEFT",
    "NO_SPENDING",
    "ROUNDING",
    "debt_after",
    "government_reward",
    "no_flows",
    "total",
    "trade",
]

ROUNDING = 1e-6
"""Of public consumption, a share of output."""
NOTHING_LEFT = (
    "bewley: a household has nothing to spend above the borrowing limit: transfers are too low, or the limit is below"
    " what the lowest income can pay interest on; raise economy.lowest_assets or what the government transfers"
)
NO_SPENDING = (
    "bewley: public consumption would be negative: revenue does not pay for interest on debt and transfers; raise a"
    " tax, or lower economy.budget.transfer or economy.budget.debt"
)
ALL_LABOUR = (
    "bewley: the labour tax that closes the budget would take all labour income; lower economy.budget.spending,"
    " economy.budget.transfer or economy.budget.debt"
)


def total(mass: Tensor, amount: Tensor) -> Tensor:
    """Return the mean per household ``[B]``, float64."""
    return (mass.double() * amount.double()).sum(-1)


class Market(NamedTuple):
    """What no single household moves in a period, float64 ``[B]``."""

    output: Tensor  # per household
    labour: Tensor  # effective, per household
    rate: Tensor  # of interest
    wage: Tensor  # of a unit of effective labour


class Paid(NamedTuple):
    """What households have before the transfer, ``[B, N]`` each."""

    owned: Tensor  # above the least: assets and the bequest with interest, after taxes on both, and the pension
    on_assets: Tensor  # taxes on interest and wealth
    earned: Tensor  # before tax, after the contribution to the pension
    kept: Tensor  # of labour income, if the level of the tax is one


def trade(
    state: State,
    values: Mapping[str, Tensor],
    productivity: Tensor,
    shares: Tensor,
    hours: Tensor,
    settings: Parameters,
    demography: Demography | None = None,
    takes_prices: bool = False,
) -> Flows:
    """Return what happens in a period in which households consume ``shares`` ``[B, N]`` of resources, work ``hours``.

    Aggregates are float64 ``[B]``; prices are those of the firm's first-order conditions. Resources are those above the
    borrowing limit. No household ends the period with more than the largest assets: beyond that it consumes. What its
    consumption tax yields is public consumption, or lowers debt where debt adjusts.

    Args:
        state: at the start of the period.
        values: the numeric parameters, float64 ``[B]`` or a scalar.
        productivity: ``[B, N]``.
        shares: ``[B, N]``.
        hours: ``[B, N]``; a retired household works none.
        settings: what closes the budget, and the limits of assets.
        demography: of the life cycle, where there is one.
        takes_prices: whether prices and the transfer have a derivative of zero, as a single household takes them.
    """
    of_consumption, mass, least = state.policy.double()[:, 0], state.mass, settings.least
    if demography is None:
        effective = productivity * hours
    else:
        hours = torch.where(demography.is_retired(state.age), 0.0, hours)
        effective = productivity * demography.efficiency(state.age, mass.dtype) * hours
    market = _market(state, values, total(mass, effective))
    if takes_prices:
        market = Market(*(each.detach() for each in market))
    security = _social_security(state, market, demography)
    paid = _before_transfer(state, market, effective, security, settings)
    interest = _debt_service(state, market, settings)
    level, transfer = _closed(state, interest, paid, shares, settings)
    if takes_prices:
        level, transfer = level.detach(), transfer.detach()
    kept = _wide(level, mass) * paid.kept
    room = paid.owned + kept + _wide(transfer, mass)
    require(room > 0, NOTHING_LEFT)
    assets = (least + (1 - shares) * room).clamp(max=settings.largest_assets)
    spent = room - (assets - least)  # differences of near numbers are exact, and room may be small beside least
    consumption = spent / (1 + _wide(of_consumption, mass))
    tax = paid.earned - kept + paid.on_assets + _wide(of_consumption / (1 + of_consumption), mass) * spent
    curvature = _wide(values["labour_curvature"], mass)
    disutility = _wide(values["labour_weight"], mass) * power(hours, 1 + curvature)
    disutility = disutility / (1 + curvature)
    public = total(mass, tax) - transfer - interest
    if settings.budget.adjusts == "debt":
        public = torch.full_like(public, settings.budget.spending)
    require(public >= -ROUNDING * market.output, NO_SPENDING)
    return Flows(
        mass=mass,
        age=state.age,
        productivity=productivity,
        assets=assets,
        consumption=consumption,
        hours=hours,
        income=_wide(market.wage, mass) * effective + _wide(market.rate, mass) * _wealth(state) + security.received,
        tax=tax,
        utility=isoelastic(consumption, _wide(values["risk_aversion"], mass)) - disutility,
        output=market.output,
        capital=state.capital,
        interest_rate=market.rate,
        wage=market.wage,
        mean_consumption=total(mass, consumption),
        spending=public,
        transfer=transfer,
        debt=state.debt,
        labour_level=level,
        contribution=security.contribution,
        pension=security.pension,
        bequest=state.bequest,
    )


def government_reward(before: State, after: State, objective: Objective) -> Tensor:
    """Return the weighted sum of mean utility, growth and equality in the period between two states, ``[B]``."""
    last = after.last
    reward = objective.welfare * total(last.mass, last.utility)
    if objective.growth:
        reward = reward + objective.growth * (last.output / before.last.output).log()
    if objective.equality:
        unequal = (welfare.gini(last.assets, last.mass) + welfare.gini(last.consumption, last.mass)) / 2
        reward = reward + objective.equality * (1 - unequal)
    return reward


def debt_after(last: Flows, settings: Parameters, growth: Tensor) -> Tensor:
    """Return public debt per household of the next period, ``[B]``.

    Where it adjusts, it pays for what revenue does not. Elsewhere the government issues ``budget.debt`` for each of the
    households that it expects; in a sample of households with ages their number differs from that by chance.

    Args:
        last: what happened in this period.
        settings: what closes the budget.
        growth: of the population until the next period, ``[B]``.
    """
    if settings.budget.adjusts != "debt":
        return _issued(settings) / (1 + growth)
    paid = last.spending + last.transfer + (1 + last.interest_rate) * last.debt
    return (paid - total(last.mass, last.tax)) / (1 + growth)


def _issued(settings: Parameters) -> float:
    """Return debt at the end of a period per household of this one, where it does not adjust."""
    growth = 0.0 if settings.life_cycle is None else settings.life_cycle.growth
    return (1 + growth) * settings.budget.debt


def _debt_service(state: State, market: Market, settings: Parameters) -> Tensor:
    """Return interest, and debt that is repaid less what is issued, ``[B]``; where debt adjusts, interest."""
    interest = market.rate * state.debt
    return interest if settings.budget.adjusts == "debt" else interest + (state.debt - _issued(settings))


def _market(state: State, values: Mapping[str, Tensor], labour: Tensor) -> Market:
    """Return output and the prices at which firms employ all capital and ``labour`` ``[B]``."""
    capital, share = state.capital, values["capital_share"]
    output = values["technology"] * power(capital, share)
    output = output * power(labour, 1 - share)
    rate = share * output / capital - values["depreciation"]
    return Market(output, labour, rate, (1 - share) * output / labour)


def _social_security(state: State, market: Market, demography: Demography | None) -> SocialSecurity:
    if demography is None:
        none = torch.zeros_like(market.wage)
        return SocialSecurity(none, none, torch.zeros_like(state.mass))
    of_pension = state.policy.double()[:, len(INSTRUMENTS) :]  # empty where its rate is no instrument
    given = of_pension[:, 0] if of_pension.shape[1] else torch.full_like(market.wage, demography.life.rate)
    return demography.social_security(state.age, state.mass, market.wage * market.labour, given)


def _wealth(state: State) -> Tensor:
    """Return assets with the bequest, ``[B, N]``, on which interest is paid."""
    return state.assets + _wide(state.bequest, state.mass)


def _before_transfer(
    state: State, market: Market, effective: Tensor, security: SocialSecurity, settings: Parameters
) -> Paid:
    """Return what households have before the transfer and the level of the labour tax.

    Contributions to the pension are deducted from the income that is taxed; pensions are not taxed.
    """
    progressivity, of_interest, of_wealth = state.policy.double()[:, 2:5].unbind(-1)
    mass, wage, wealth = state.mass, (1 - security.contribution) * market.wage, _wealth(state)
    earned, brackets = _wide(wage, mass) * effective, schedule_of(settings.income_tax)
    relative = effective / _wide(market.labour, mass)  # to mean earnings
    if brackets[1]:
        thresholds, rates = (torch.tensor(each, dtype=mass.dtype, device=mass.device) for each in brackets)
        kept = earned - _wide(wage * market.labour, mass) * brackets_tax(relative, thresholds, rates)
    else:
        kept = earned * power(relative, -_wide(progressivity, mass))  # all of it, to the bit, under a tax of zero
    interest_tax = of_interest * market.rate.clamp(min=0)
    on_assets = _wide(interest_tax + of_wealth, mass) * wealth
    owned = (wealth - settings.least) + (_wide(market.rate, mass) * wealth - on_assets + security.received)
    return Paid(owned, on_assets, earned, kept)


def _closed(state: State, interest: Tensor, paid: Paid, shares: Tensor, settings: Parameters) -> tuple[Tensor, Tensor]:
    """Return the level of the labour tax and the transfer that close the government's budget, ``[B]`` each.

    ``interest`` ``[B]`` is what has to be paid for debt.
    """
    policy, mass, budget = state.policy.double(), state.mass, settings.budget
    level, inclusive = 1 - policy[:, 1], policy[:, 0] / (1 + policy[:, 0])  # the latter of what a consumer pays
    if budget.adjusts == "spending":
        return level, torch.full_like(level, budget.transfer)
    if budget.adjusts == "debt":
        assert budget.response is not None
        return level, budget.transfer - budget.response * (state.debt - budget.debt)
    gross = total(mass, paid.earned) + total(mass, paid.on_assets)
    if budget.adjusts == "labour_tax":
        rest = paid.owned + budget.transfer
        yielded = gross + inclusive * total(mass, shares * rest) - budget.spending - budget.transfer - interest
        level = yielded / (total(mass, paid.kept) - inclusive * total(mass, shares * paid.kept))
        require(level > 0, ALL_LABOUR)
        return level, torch.full_like(level, budget.transfer)
    left, kept = 1 - policy[:, 5], _wide(level, mass) * paid.kept
    revenue = gross - total(mass, kept)
    revenue = revenue + inclusive * total(mass, shares * (paid.owned + kept))
    surplus = revenue - interest - budget.spending
    return level, left * surplus / (1 - left * inclusive * total(mass, shares))


def _wide(number: Tensor, like: Tensor) -> Tensor:
    """Return numbers ``[B]`` as ``[B, 1]`` in the precision of ``like``."""
    return number.to(like.dtype)[:, None]


def no_flows(people: People, productivity: Tensor, capital: Tensor, means: Mapping[str, float]) -> Flows:
    """Return the flows before the first period: zero, with what ``means`` gives of the initial equilibrium."""
    none, zero = torch.zeros_like(people.assets), torch.zeros_like(capital)
    amounts = {"contribution": 0.0, "pension": 0.0, **means}
    given = {name: torch.full_like(capital, value) for name, value in amounts.items()}
    individual = dict.fromkeys(("consumption", "hours", "income", "tax", "utility"), none)
    others = dict.fromkeys(("mean_consumption", "spending", "transfer", "bequest"), zero)
    begin = {"mass": people.mass, "age": people.age, "productivity": productivity, "assets": people.assets}
    return Flows(**begin, capital=capital, **individual, **given, **others)
