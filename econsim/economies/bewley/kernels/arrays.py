"""Places of tensors among the memory addresses that kernels get, and numbers that stand for settings."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

__all__ = ["AFTER", "BEFORE", "CLOSURES", "PARAMETERS", "SEEN", "Chances", "Numbers", "Problem", "Sizes", "Tables"]

# Before a period: amounts of households ``[B, N]``, then what there is one of in each copy.
BEFORE = ("productivity", "assets", "mass", "policy", "announced", "capital", "debt", "key", "time", "until", "output")
STATE, ASSETS, MASS, POLICY, ANNOUNCED, CAPITAL, DEBT, KEY, TIME, UNTIL, OUTPUT = range(len(BEFORE))
CHOSEN, SET = range(len(BEFORE), len(BEFORE) + 2)  # the actions of households and of the government

AFTER = (
    *("level", "assets", "consumption", "hours", "income", "tax", "utility", "mass", "state"),  # of households
    *("output", "interest_rate", "wage", "mean_consumption", "spending", "transfer", "labour_level"),  # of a copy
    *("capital", "debt", "policy", "announced", "time", "until", "reward", "over"),
)
OWN_LEVEL, OWN_ASSETS, CONSUMPTION, HOURS, INCOME, TAX, UTILITY, MASS_AFTER, STATE_AFTER = range(9)
OUTPUT_AFTER, RATE, WAGE, MEAN_CONSUMPTION, SPENDING, TRANSFER, LABOUR_LEVEL, CAPITAL_AFTER, DEBT_AFTER = range(9, 18)
POLICY_AFTER, ANNOUNCED_AFTER, TIME_AFTER, UNTIL_AFTER, REWARD, OVER = range(18, 24)

SEEN = ("productivity", "assets", "policy", "capital", "debt", "time", "times", "wage", "interest_rate", "labour_level")
SEEN_STATE, SEEN_ASSETS, SEEN_POLICY, SEEN_CAPITAL, SEEN_DEBT, SEEN_TIME, SEEN_TIMES, SEEN_WAGE = range(8)
SEEN_RATE, SEEN_LEVEL, FEATURES, SHARED, OF_GOVERNMENT, DUE = range(8, 14)  # the last four are written

PARAMETERS = ("risk_aversion", "labour_weight", "labour_curvature", "capital_share", "depreciation", "technology")
CLOSURES = ("transfer", "spending", "labour_tax", "debt")  # by number
BY_TRANSFER, BY_SPENDING, BY_LABOUR_TAX, BY_DEBT = range(len(CLOSURES))


class Problem(IntEnum):
    """What is wrong with a period, in the order in which tensors find it; zero if nothing is."""

    ALL_LABOUR = 1
    NOTHING_LEFT = 2
    NO_SPENDING = 3
    NO_CAPITAL = 4
    UNBALANCED = 5


class Sizes(NamedTuple):
    """Sizes of a game, and settings that are whole numbers."""

    households: int  # or cells of the distribution
    choices: int  # of a household
    rates: int  # of a policy
    is_distribution: int
    adjusts: int  # what closes the budget
    review: int  # periods between actions of the government
    delay: int  # between an announcement and the policy
    horizon: int
    with_times: int  # whether all observe good and bad times


class Numbers(NamedTuple):
    """Limits of assets, the budget, the objective, and what observations are relative to."""

    least: float
    largest: float
    spending: float
    transfer: float
    debt: float
    response: float
    welfare: float
    growth: float
    allowed: float  # residual of an account
    capital: float
    wage: float
    output: float


class Tables(NamedTuple):
    """Arrays that do not change between periods, float64."""

    parameters: Any  # [1 | B, 6]
    levels: Any  # [S] productivity
    of_work: Any  # [S] what a household observes of it
    grid: Any  # [G] of assets
    thresholds: Any  # [K] of the income tax; none without brackets
    rates: Any  # [K]
    status_quo: Any  # [P]
    instruments: Any  # [I] int64, which entries of a policy the government sets


class Chances(NamedTuple):
    """Output and productivity in the times of a period, float64; one row stands for all copies."""

    factor: Any  # [1 | B] of output
    transition: Any  # [1 | B, S, S] chances of the next state of productivity
    bounds: Any  # [1 | B, S, S] the same cumulated
