"""Declared accounts of the one-step economy."""

from __future__ import annotations

from econsim.accounts import MONEY, Account, Statistic
from econsim.economies.one_step.parameters import WelfareName
from econsim.economies.one_step.utility import Family, MoneyMetric

WORKER = ("role:worker",)
_DETAIL, _TABLE = Statistic("mean", "detail"), Statistic("mean", "table")


_GAINS = (
    Account("deviation_gain", WORKER, title="Gain from other hours at the rebate received"),
    Account("largest_deviation_gain", title="Largest gain from other hours", show="table"),
)


def accounts_spec(family: Family, welfare: WelfareName) -> tuple[Account, ...]:
    """Return the declared accounts; money is per year.

    With the money-metric families utility is measured in money, and so is the social welfare computed from it.
    """
    utility = MONEY if isinstance(family, MoneyMetric) else ""
    of_welfare = MONEY if welfare == "equality_times_productivity" else utility
    return (
        Account("welfare", unit=of_welfare, show="headline", definition=welfare),
        Account(
            "hours",
            WORKER,
            "hours per week",
            format="hours",
            statistics=(Statistic("mean", "headline"),),
        ),
        Account("income", WORKER, MONEY, statistics=(_DETAIL, Statistic("gini", "table"))),
        Account("consumption", WORKER, MONEY, statistics=(_DETAIL, Statistic("gini", "table"))),
        Account("tax", WORKER, MONEY, statistics=(Statistic(), Statistic("total", "table", "revenue", "Revenue"))),
        Account("rebate", WORKER, MONEY),
        Account("utility", WORKER, utility, statistics=(_TABLE,)),
        *(() if isinstance(family, MoneyMetric) else _GAINS),
        Account("skill", WORKER, f"{MONEY} per hour", ranks=True),
        Account("potential_income", WORKER, MONEY, "Income at 40 hours"),
        Account("weight", WORKER, "people", "People represented", weight=True),
        Account("rates", ("bracket",), title="Marginal tax rates", format="share"),
        Account("thresholds", ("bracket",), MONEY, "Bracket thresholds"),
    )
