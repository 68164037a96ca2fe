r"""One year by the published step laws, of which the two programs have different ones.

With the chosen shares $u$ clipped to [0.001, 0.99], productivity $e$, assets $a$, capital $K$ and debt $B$:

- $L = \sum e h$, $Y = A K^\alpha L^{1-\alpha}$, $W = A (1-\alpha) (K / L)^\alpha$, $G = 0.3 u_5 Y$, and income
  $i = W e h + r a$ at a fixed interest rate $r$.
- A tax on $x$ leaves $(1-\tau) / (1-\xi) \, x^{1-\xi}$; income is taxed with $\tau = 0.2 u_1$ and $\xi = 0.05 u_2$,
  assets with $\tau = 0.2 u_3$ and $\xi = 0.05 u_4$.
- TaxAI: a household keeps the share $p = 0.5 + 0.5 u$ of assets and income after tax, and
  $K' = Y - C - G + (1 - \delta) K$.
- SMFG: it saves the share $u$ of income after tax, and $K' = (1 + r) (K - \sum a) - G + \sum T + \sum a'$. Where
  $C + G > Y$, consumption is cut to $Y - G$.
- $B' = (1 + r) B + G - \sum T$, with all taxes $T$, that on consumption included.

Sources: the programs of Mi et al. (2023), TaxAI, and Mi et al. (2024), SMFG. Written anew from their equations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from econsim.economies.legacy_taxai.parameters import Law, Task
from econsim.economies.legacy_taxai.state import Flows, State
from econsim.mechanisms.numerics import power
from econsim.mechanisms.welfare import gini

__all__ = ["LEAST", "MOST", "NOT_NOUGHT", "Year", "clipped", "live", "resources"]

LEAST, MOST = 0.001, 0.99
"""Bounds of every choice."""
MOST_LEVEL, MOST_CURVATURE, MOST_SPENDING = 0.2, 0.05, 0.3
"""Highest values of the instruments: tau and xi of a tax, and government spending over output."""
INVERSE_FRISCH = 2.0
NOT_NOUGHT = 1e-7
"""Added to amounts in SMFG's Gini index."""


class Year(NamedTuple):
    """The result of a year.

    flows: what happened. assets: ``[B, N]`` at its end, and capital and debt ``[B]``. over: ``[B]`` bool, whether the
    episode is cut short.
    """

    flows: Flows
    assets: Tensor
    capital: Tensor
    debt: Tensor
    over: Tensor


def clipped(shares: Tensor) -> Tensor:
    """Return choices as the programs take them, float64."""
    return shares.double().clamp(LEAST, MOST)


def live(state: State, values: Mapping[str, Tensor], law: Law, task: Task, chosen: Tensor, instruments: Tensor) -> Year:
    """Return a year.

    Args:
        state: at its start, with this year's productivity.
        values: numeric parameters, float64 ``[B]``.
        law: of the version.
        task: of the government.
        chosen: households' shares of saving and of hours, ``[B, N, 2]``, clipped.
        instruments: of the government, ``[B, 5]``, clipped.
    """
    saving, worked = chosen.unbind(-1)
    rate, on_consumption = values["interest_rate"][:, None], values["consumption_tax"][:, None]
    hours = state.most_hours[:, None] * worked
    labour = (state.productivity * hours).sum(-1)
    output, wage = produced(values, state.capital, labour)
    spending = MOST_SPENDING * instruments[:, 4] * output
    income = wage[:, None] * state.productivity * hours + rate * state.assets
    bent = 1 - MOST_CURVATURE * instruments[:, 1:4:2]
    level = (1 - MOST_LEVEL * instruments[:, 0:4:2]) / bent
    net_income, net_assets = (
        level[:, tax, None] * power(amount, bent[:, tax, None]) for tax, amount in enumerate((income, state.assets))
    )
    wealth = net_income + net_assets
    spent = (0.5 - 0.5 * saving) * wealth if law.saves_wealth else (1 - saving) * net_income
    consumption = spent / (1 + on_consumption)
    short = consumption.sum(-1) + spending > output
    if not law.closed_goods:
        left = (output - spending) / consumption.sum(-1)
        consumption = consumption * torch.where(short, left, 1.0)[:, None]
    assets = wealth - (1 + on_consumption) * consumption
    tax = income + state.assets - wealth + on_consumption * consumption
    debt = (1 + values["interest_rate"]) * state.debt + spending - tax.sum(-1)
    capital = _next_capital(state, values, law, output - spending - consumption.sum(-1), assets, spending - tax.sum(-1))
    kept_assets = assets if law.closed_goods else net_assets
    ginis = _gini(kept_assets, law), _gini(net_income, law)
    utility = _utility(consumption, worked, law)
    flows = Flows(
        saving=saving,
        hours=worked,
        consumption=consumption,
        income=income,
        tax=tax,
        utility=utility,
        instruments=instruments,
        output=output,
        capital=state.capital,
        debt=state.debt,
        assets=state.assets.sum(-1),
        spending=spending,
        wage=wage,
        wealth_gini=ginis[0],
        income_gini=ginis[1],
        reward=_reward(state, law, task, capital, output, utility, ginis, income),
    )
    unequal = torch.maximum(*ginis)
    ended = unequal > law.ends_at_gini if law.closed_goods else unequal >= law.ends_at_gini
    return Year(flows, assets, capital, debt, short | ended | (assets.amin(-1) < 0) | (capital < 0))


def produced(values: Mapping[str, Tensor], capital: Tensor, labour: Tensor) -> tuple[Tensor, Tensor]:
    """Return output and the wage of a unit of effective labour, ``[B]`` each."""
    share, technology = values["capital_share"], values["technology"]
    output = technology * power(capital, share) * power(labour, 1 - share)
    return output, (1 - share) * technology * power(capital / labour, share)


def resources(flows: Flows, capital: Tensor, kept: Tensor) -> Tensor:
    r"""Return $Y - C - G - K' + (1 - \delta) K$, ``[B]``, which a closed economy has at zero.

    Args:
        flows: of the year.
        capital: $K'$ at its end.
        kept: $1 - \delta$.
    """
    return flows.output - flows.consumption.sum(-1) - flows.spending - capital + kept * flows.capital


def _next_capital(
    state: State, values: Mapping[str, Tensor], law: Law, left: Tensor, assets: Tensor, deficit: Tensor
) -> Tensor:
    """Return capital at the end of a year, ``[B]``, with ``left`` of output after consumption and spending."""
    if law.closed_goods:
        return left + (1 - values["depreciation"]) * state.capital
    rate = values["interest_rate"]
    return (1 + rate) * (state.capital - state.assets.sum(-1)) - deficit + assets.sum(-1)


def _gini(amount: Tensor, law: Law) -> Tensor:
    return gini(amount if law.closed_goods else amount + NOT_NOUGHT)


def _utility(consumption: Tensor, worked: Tensor, law: Law) -> Tensor:
    if not law.saturated:
        return consumption.log() - (5 * worked) ** 3 / (1 + INVERSE_FRISCH)
    # The logistic function of ln(c / 1000) - v, whose rounding does not depend on the place in a batch.
    return consumption / (consumption + 1000 * (10 * worked**3 / (1 + INVERSE_FRISCH)).exp())


def _reward(
    state: State,
    law: Law,
    task: Task,
    capital: Tensor,
    output: Tensor,
    utility: Tensor,
    ginis: tuple[Tensor, Tensor],
    income: Tensor,
) -> Tensor:
    """Return the government's reward ``[B]``; ``income`` ``[B, N]`` is that before tax."""
    growth, product = output / state.last.output - 1, ginis[0] * ginis[1]
    match task:
        case "social_welfare":
            return utility.sum(-1)
        case "gdp_gini":
            return growth - product
        case "gdp":
            return growth if law.closed_goods else 100 * (capital / state.capital - 1)
    if law.closed_goods:
        return -product
    before = _gini(state.assets, law), _gini(income, law)
    return 100 * ((1 - ginis[0] / before[0]) + (1 - ginis[1] / before[1]))
