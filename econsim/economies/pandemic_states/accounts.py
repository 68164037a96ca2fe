"""Declared accounts of the pandemic; flows are per day, amounts of output and subsidies are annualised."""

from __future__ import annotations

from econsim.accounts import MONEY, Account, Statistic

__all__ = ["ACCOUNTS"]

_STATE = ("role:governor",)
_PEOPLE = "per 100,000 people"
_PER_YEAR = f"{MONEY} per person and year"
_HEADLINE, _TABLE, _DETAIL = (Statistic("mean", show) for show in ("headline", "table", "detail"))

ACCOUNTS = (
    Account("welfare", title="Federal welfare of a day", format="index", show="headline", flow=True),
    Account("deaths", unit="people", title="Deaths", show="table"),
    Account("subsidies", unit=MONEY, title="Subsidies paid", show="detail"),
    Account("deaths_per_100k", _STATE, _PEOPLE, "Deaths", statistics=(_HEADLINE,)),
    Account("new_deaths_per_100k", _STATE, _PEOPLE, "New deaths", "index", statistics=(_DETAIL,), flow=True),
    Account("infected_share", _STATE, title="Infected people", format="share", statistics=(_TABLE,), flow=True),
    Account("unemployment", _STATE, title="Unemployment", format="share", statistics=(_HEADLINE,), flow=True),
    Account("output", _STATE, _PER_YEAR, "Output", statistics=(_HEADLINE,), flow=True),
    Account("subsidy", _STATE, _PER_YEAR, "Subsidy", statistics=(_TABLE,), flow=True),
    Account("stringency", _STATE, title="Stringency", format="index", statistics=(_HEADLINE,), flow=True),
    Account("health_index", _STATE, title="Health index", format="index", statistics=(_DETAIL,), flow=True),
    Account("economic_index", _STATE, title="Economic index", format="index", statistics=(_DETAIL,), flow=True),
    Account("utility", _STATE, title="Reward of a governor", format="index", statistics=(_TABLE,), flow=True),
    Account("people", _STATE, "people", "People", weight=True),
)
