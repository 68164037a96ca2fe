"""Declared accounts of the real business cycle; flows are per quarter."""

from __future__ import annotations

from econsim.accounts import MONEY, Account, Statistic

__all__ = ["ACCOUNTS"]

_CONSUMER, _FIRM = ("role:consumer",), ("role:firm",)
_HEADLINE, _TABLE, _DETAIL = (Statistic("mean", show) for show in ("headline", "table", "detail"))
_TOTAL = Statistic("total", "table")

ACCOUNTS = (
    Account("welfare", title="Welfare in a quarter, per consumer", format="index", show="headline", flow=True),
    Account("income_tax_rate", title="Income tax rate", format="share", show="table", flow=True),
    Account("corporate_tax_rate", title="Corporate tax rate", format="share", show="table", flow=True),
    Account("revenue", unit=MONEY, title="Tax revenue", show="table", flow=True),
    Account("scarce_share", title="Goods that are scarce", format="share", show="table", flow=True),
    Account("productivity", title="Productivity relative to its mean", format="index", show="detail", flow=True),
    Account("utility", _CONSUMER, title="Utility", format="index", statistics=(_HEADLINE,), flow=True),
    Account("purchases", _CONSUMER, "units", "Goods bought", "index", statistics=(_HEADLINE,), flow=True),
    Account("hours", _CONSUMER, "hours", "Hours of work", "hours", statistics=(_HEADLINE,), flow=True),
    Account("labour_income", _CONSUMER, MONEY, "Labour income", statistics=(_TABLE,), flow=True),
    Account("savings", _CONSUMER, MONEY, "Savings", statistics=(_TABLE, Statistic("gini", "table"))),
    Account("price", _FIRM, f"{MONEY} per unit", "Price", statistics=(_TABLE,), flow=True),
    Account("wage", _FIRM, f"{MONEY} per hour", "Wage", statistics=(_TABLE,), flow=True),
    Account("output", _FIRM, "units", "Output", statistics=(_TOTAL,), flow=True),
    Account("exports", _FIRM, "units", "Exports", statistics=(_TOTAL,), flow=True),
    Account("profit", _FIRM, MONEY, "Profit after tax", statistics=(_TOTAL,), flow=True),
    Account("stock", _FIRM, "units", "Stock of goods", statistics=(_DETAIL,)),
    Account("capital", _FIRM, "units", "Capital", statistics=(_DETAIL,)),
    Account("firm_money", _FIRM, MONEY, "Money of firms", statistics=(_DETAIL,)),
)
