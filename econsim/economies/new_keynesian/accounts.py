"""Declared accounts of the economy, whose flows are per period, and the identities that they keep."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.accounts import MONEY, Account, Show, Statistic
from econsim.economies.bewley.period import total
from econsim.economies.new_keynesian.state import State

__all__ = ["ACCOUNTS", "LARGEST_RESIDUAL", "residuals_of"]

LARGEST_RESIDUAL = 1e-9
"""Of any account, as a share of output or of debt."""
_HOUSEHOLD = ("role:household",)
_MEAN, _GINI, _DETAIL = Statistic("mean", "table"), Statistic("gini", "table"), Statistic("mean", "detail")


def _percent(name: str, title: str, show: Show) -> Account:
    return Account(name, unit="per cent", title=title, show=show, flow=True)


ACCOUNTS = (
    Account("welfare", title="Mean utility", show="headline", flow=True),
    _percent("output_gap", "Output gap", "headline"),
    _percent("inflation", "Inflation", "headline"),
    _percent("nominal_rate", "Nominal interest rate", "table"),
    _percent("interest_rate", "Real interest rate", "table"),
    Account("output", unit=MONEY, title="Output per household", show="detail", flow=True),
    Account("wage", unit=MONEY, title="Wage of effective labour", show="detail", flow=True),
    Account("profit", unit=MONEY, title="Profit per household", show="detail", flow=True),
    Account("inflation_response", title="Response of the rule to inflation", show="table", flow=True),
    Account("output_response", title="Response of the rule to output", show="table", flow=True),
    _percent("shock", "Shock to the Taylor rule", "detail"),
    Account("unmet_share", title="Demand that is not served", format="share", show="detail", flow=True),
    Account("goods_residual", title="Residual of the goods market, share of output", show="detail", flow=True),
    Account("labour_residual", title="Residual of the labour market, share of output", show="detail", flow=True),
    Account("debt_residual", title="Residual of the debt market, share of debt", show="detail", flow=True),
    Account("budget_residual", title="Residual of the government's budget, share of output", show="detail", flow=True),
    Account("consumption", _HOUSEHOLD, MONEY, flow=True, statistics=(_MEAN, _GINI)),
    Account("hours", _HOUSEHOLD, "hours", format="hours", flow=True, statistics=(_MEAN,)),
    Account("earnings", _HOUSEHOLD, MONEY, "Labour income", flow=True, statistics=(_MEAN, _GINI)),
    Account("transfer", _HOUSEHOLD, MONEY, "Profit less taxes", flow=True, statistics=(_DETAIL,)),
    Account("utility", _HOUSEHOLD, flow=True, statistics=()),
    Account("assets", _HOUSEHOLD, MONEY, statistics=(_DETAIL, Statistic("gini", "table", "wealth_gini"))),
    Account("productivity", _HOUSEHOLD, statistics=()),
    Account("people", _HOUSEHOLD, "people", "People represented", weight=True),
)


def residuals_of(state: State) -> dict[str, Tensor]:
    """Return residuals of the last period as shares of output or of debt, ``[B]``; zero before the first."""
    last = state.last
    labour = total(last.mass, last.productivity * last.hours)
    taxes = last.profit - total(last.mass, last.transfer)
    residuals = {
        "goods": (last.output - last.costs - total(last.mass, last.consumption)) / last.output,
        "labour": (labour - last.output) / last.output,
        "debt": (total(last.mass, last.assets) - state.debt) / state.debt,
        "budget": (taxes - last.interest_rate * state.debt) / last.output,
    }
    return {name: torch.where(state.time > 0, residual, 0.0) for name, residual in residuals.items()}
