"""Declared accounts of the published simulators; flows are per year."""

from __future__ import annotations

from econsim.accounts import MONEY, Account, Statistic

__all__ = ["ACCOUNTS"]

_HOUSEHOLD = ("role:household",)
_MEAN = (Statistic("mean", "table"),)

ACCOUNTS = (
    Account("output", unit=MONEY, title="Output per household", show="headline", flow=True),
    Account("years", title="Years until the end", show="table"),
    Account("survived", title="Share of episodes that last to the end", format="share", show="headline"),
    Account(
        "resource_leak", title="Resources unaccounted for, share of output", format="share", show="table", flow=True
    ),
    Account(
        "balance_leak", title="Assets behind which nothing is, share of assets", format="share", show="table", flow=True
    ),
    Account("saving_at_bounds", title="Savings choices at a bound", format="share", show="table", flow=True),
    Account("hours_at_bounds", title="Hours choices at a bound", format="share", show="table", flow=True),
    Account("instruments_at_bounds", title="Instruments at a bound", format="share", show="table", flow=True),
    Account("wealth_gini", title="Gini of wealth", format="index", show="table", flow=True),
    Account("income_gini", title="Gini of income after tax", format="index", show="table", flow=True),
    Account("capital", unit=MONEY, title="Capital per household", show="detail", flow=True),
    Account("debt", unit=MONEY, title="Public debt per household", show="detail", flow=True),
    Account("wage", unit=MONEY, title="Wage of effective labour", show="detail", flow=True),
    Account("spending", unit=MONEY, title="Public spending per household", show="detail", flow=True),
    Account("consumption", _HOUSEHOLD, MONEY, flow=True, statistics=_MEAN),
    Account("hours", _HOUSEHOLD, "share of hours", format="share", flow=True, statistics=_MEAN),
    Account("saving", _HOUSEHOLD, "share", format="share", flow=True, statistics=_MEAN),
    Account("income", _HOUSEHOLD, MONEY, "Income before tax", flow=True, statistics=(Statistic("mean", "detail"),)),
    Account("tax", _HOUSEHOLD, MONEY, "Taxes", flow=True, statistics=(Statistic("mean", "detail"),)),
    Account("utility", _HOUSEHOLD, flow=True, statistics=(Statistic("mean", "detail"),)),
    Account("assets", _HOUSEHOLD, MONEY, statistics=(Statistic("mean", "detail"),)),
    Account("productivity", _HOUSEHOLD, statistics=()),
)
