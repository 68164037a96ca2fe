"""Declared accounts of the economy; flows are per period."""

from __future__ import annotations

from econsim.accounts import MONEY, Account, Statistic
from econsim.economies.bewley.parameters import Parameters

__all__ = ["ACCOUNTS", "CLOSING_RATE", "DEBT", "more_accounts"]

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


def more_accounts(parameters: Parameters) -> tuple[Account, ...]:
    """Return the accounts of what closes the budget."""
    adjusts = parameters.budget.adjusts
    with_debt = (DEBT,) * (adjusts == "debt" or parameters.budget.debt != 0)
    return with_debt + (CLOSING_RATE,) * (adjusts == "labour_tax")
