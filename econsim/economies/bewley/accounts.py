"""Declared accounts of the economy, whose flows are per period, and the identities that they keep."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from econsim.accounts import MONEY, Account, Statistic
from econsim.economies.bewley.generations import Demography
from econsim.economies.bewley.parameters import Parameters
from econsim.economies.bewley.period import total
from econsim.economies.bewley.state import Flows, State

__all__ = ["ACCOUNTS", "CLOSING_RATE", "DEBT", "LIFE_CYCLE", "more_accounts", "more_amounts", "residuals_of"]

_HOUSEHOLD = ("role:household",)
_MEAN, _GINI = Statistic("mean", "table"), Statistic("gini", "table")

ACCOUNTS = (
    Account("welfare", title="Mean utility", show="headline", flow=True),
    Account("output", unit=MONEY, title="Output per household", show="headline", flow=True),
    Account("capital", unit=MONEY, title="Capital per household", show="table", flow=True),
    Account("interest_rate", title="Interest rate", format="share", show="table", flow=True),
    Account("wage", unit=MONEY, title="Wage of effective labour", show="detail", flow=True),
    Account("spending", unit=MONEY, title="Public consumption", show="detail", flow=True),
    Account("goods_residual", title="Residual of the goods market, share of output", show="detail", flow=True),
    Account(
        "balance_residual", title="Residual of the bank's balance sheet, share of assets", show="detail", flow=True
    ),
    Account("budget_residual", title="Residual of the government's budget, share of output", show="detail", flow=True),
    Account("consumption", _HOUSEHOLD, MONEY, flow=True, statistics=(_MEAN, _GINI)),
    Account("hours", _HOUSEHOLD, "share of time", format="share", flow=True, statistics=(_MEAN,)),
    Account("income", _HOUSEHOLD, MONEY, "Income before taxes", flow=True, statistics=(_MEAN, _GINI)),
    Account("tax", _HOUSEHOLD, MONEY, "Taxes", flow=True, statistics=(Statistic("mean", "detail"),)),
    Account("rebate", _HOUSEHOLD, MONEY, "Transfer", flow=True, statistics=(Statistic("mean", "detail"),)),
    Account("utility", _HOUSEHOLD, flow=True, statistics=()),
    Account(
        "assets", _HOUSEHOLD, MONEY, statistics=(Statistic("mean", "detail"), Statistic("gini", "table", "wealth_gini"))
    ),
    Account("productivity", _HOUSEHOLD, statistics=()),
    Account("people", _HOUSEHOLD, "people", "People represented", weight=True),
    Account("policy", ("instrument",), title="Policy in force", format="share"),
)

DEBT = Account("debt", unit=MONEY, title="Public debt per household", show="table", flow=True)
"""Where there can be some."""
CLOSING_RATE = Account(
    "closing_rate", title="Labour tax at mean labour income", format="share", show="table", flow=True
)
"""Where it closes the budget."""


LIFE_CYCLE = (
    Account("contribution", title="Contribution rate", format="share", show="table", flow=True),
    Account("pension_residual", title="Residual of the pension, share of output", show="detail", flow=True),
    Account("bequest", unit=MONEY, title="Bequest to every household", show="detail", flow=True),
    Account("pension", _HOUSEHOLD, MONEY, flow=True, statistics=(Statistic("mean", "detail"),)),
    Account("age", _HOUSEHOLD, "periods", flow=True, statistics=(Statistic("mean", "detail"),)),
)
"""With a life cycle."""


def more_accounts(parameters: Parameters) -> tuple[Account, ...]:
    """Return the accounts of what closes the budget, and of the life cycle."""
    adjusts = parameters.budget.adjusts
    with_debt = (DEBT,) * (adjusts == "debt" or parameters.budget.debt != 0)
    of_life = () if parameters.life_cycle is None else LIFE_CYCLE
    return with_debt + (CLOSING_RATE,) * (adjusts == "labour_tax") + of_life


def more_amounts(
    last: Flows, residuals: Mapping[str, Tensor], settings: Parameters, demography: Demography | None
) -> dict[str, Tensor]:
    """Return the amounts of :func:`more_accounts`, float64."""
    amounts = {"debt": last.debt, "closing_rate": 1 - last.labour_level}
    if demography is not None and settings.life_cycle is not None:
        amounts |= {"contribution": last.contribution, "bequest": last.bequest}
        amounts["pension_residual"] = residuals["pension"]
        amounts["pension"] = demography.is_retired(last.age) * last.pension[:, None]
        amounts["age"] = (settings.life_cycle.entry + last.age).double()
    return {account.name: amounts[account.name] for account in more_accounts(settings)}


def largest_residual(dtype: torch.dtype) -> float:
    """Return the largest residual, a share of output or of assets, that rounding in a precision can leave."""
    return 1e-9 if dtype == torch.float64 else 1e-4


def residuals_of(state: State, depreciation: Tensor, demography: Demography | None) -> dict[str, Tensor]:
    """Return residuals of the last period as shares of output or of assets, ``[B]``; zero before the first."""
    last, grown, began = state.last, 1 + state.growth, state.time > 0
    capital = grown * state.capital - (1 - depreciation) * last.capital
    goods = last.output - last.mean_consumption - last.spending - capital
    owed = total(last.mass, last.assets) / grown
    paid = last.spending + last.transfer + (1 + last.interest_rate) * last.debt - grown * state.debt
    residuals = {
        "goods": goods / last.output,
        "balance": (owed - state.capital - state.debt) / owed,
        "budget": (total(last.mass, last.tax) - paid) / last.output,
    }
    if demography is not None:
        residuals["pension"] = demography.gap(last) / last.output
    return {name: torch.where(began, residual, 0.0) for name, residual in residuals.items()}
