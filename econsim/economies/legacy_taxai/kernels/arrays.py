"""Places of a state's tensors among the memory addresses that kernels get.

First come amounts of households ``[B, N]``, then amounts of environment copies ``[B]``, then the rest. The last places
of the state after a year hold what the year returns besides.
"""

from __future__ import annotations

OWN = ("productivity", "assets")  # of households, in the state
FLOWS = ("saving", "hours", "consumption", "income", "tax", "utility")  # of households, in the last year
STOCKS = ("capital", "debt")  # of a copy, in the state
TOTALS = ("output", "capital", "debt", "assets", "spending", "wage", "wealth_gini", "income_gini", "reward")
PARAMETERS = ("technology", "capital_share", "depreciation", "interest_rate", "consumption_tax")

ROWS = len(OWN) + len(FLOWS)
UTILITY = ROWS - 1
CAPITAL, DEBT, OUTPUT, CAPITAL_BEFORE, DEBT_BEFORE, ASSETS_BEFORE, SPENDING = range(ROWS, ROWS + 7)
WAGE, WEALTH_GINI, INCOME_GINI, REWARD = range(ROWS + 7, ROWS + 11)
TIME, OVER, SUPERSTAR, INSTRUMENTS = range(ROWS + 11, ROWS + 15)
KEY, MOST_HOURS = ROWS + 15, ROWS + 16  # of the state before
REWARDS, GOVERNMENT_REWARD, TRUNCATED = range(ROWS + 15, ROWS + 18)  # of the state after

SOCIAL_WELFARE, GDP_GINI, GDP, GINI = range(4)
TASKS = ("social_welfare", "gdp_gini", "gdp", "gini")  # in the order of these numbers
