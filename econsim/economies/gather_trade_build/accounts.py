"""Declared accounts of Gather-Trade-Build, except those that its components add."""

from __future__ import annotations

from econsim.accounts import FOLLOWERS, MONEY, Account, Statistic
from econsim.economies.gather_trade_build.parameters import WelfareName

__all__ = ["WORKERS", "accounts_spec"]

WORKERS = (FOLLOWERS,)
_COIN_WELFARE = ("equality_times_productivity", "inverse_income_coin")


def accounts_spec(welfare: WelfareName, equality_weight: float) -> tuple[Account, ...]:
    """Return the declared accounts of the whole economy and of its workers."""
    weighted = f", equality weight {equality_weight:g}" if welfare == "equality_times_productivity" else ""
    definition = welfare + weighted * (equality_weight != 1.0)
    return (
        Account("welfare", unit=MONEY if welfare in _COIN_WELFARE else "", show="headline", definition=definition),
        Account("productivity", unit=MONEY, show="table"),
        Account("equality", format="index", show="table"),
        Account("labour", WORKERS, statistics=(Statistic("mean", "table"),)),
        Account("consumption", WORKERS, MONEY, statistics=(Statistic("mean", "detail"), Statistic("gini", "table"))),
        Account("coin_in_escrow", WORKERS, MONEY),
        Account("utility", WORKERS, statistics=(Statistic("mean", "table"),)),
        Account("build_payment", WORKERS, MONEY, "Payment per house", ranks=True),
        Account("gather_bonus", WORKERS, "units", "Probability of a second unit"),
    )
