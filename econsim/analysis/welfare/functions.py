"""Welfare functions, and tables of policies under several of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from econsim.analysis.inequality import sample
from econsim.mechanisms import welfare

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FUNCTIONS", "NEEDED", "nash_welfare", "numbers_of", "welfare_table"]

Accounts = Mapping[str, Any]
Numbers = Mapping[str, Tensor]


def _atkinson(accounts: Numbers, epsilon: float) -> Tensor:
    consumption = accounts["consumption"]
    defined = bool((consumption > 0).all())
    return welfare.atkinson(consumption, epsilon, accounts["weight"]) if defined else torch.tensor(torch.nan)


def _inverse_income(accounts: Numbers) -> Tensor:
    if "potential_income" not in accounts:
        return torch.tensor(torch.nan)
    return welfare.inverse_income_weighted_utility(
        accounts["utility"], accounts["potential_income"], accounts["weight"]
    )


NEEDED = ("utility", "consumption")
"""The accounts that welfare functions read; ``inverse_income`` reads ``potential_income`` as well."""

FUNCTIONS: Mapping[str, Callable[[Numbers], Tensor]] = {
    "utilitarian": lambda of: welfare.utilitarian(of["utility"], of["weight"]),
    "inverse_income": _inverse_income,
    "rawlsian": lambda of: welfare.rawlsian(of["utility"]),
    "atkinson_1": lambda of: _atkinson(of, 1.0),
    "atkinson_2": lambda of: _atkinson(of, 2.0),
    "equality_times_productivity": lambda of: welfare.equality_times_productivity(of["consumption"], of["weight"]),
}
"""Welfare functions of accounts by name, each per person.

The first three are in the unit of utility, with weights that sum to one: where that is money (quasi-linear workers),
the difference between two policies is the equal transfer to everybody of the same worth. The others are in money
and exclude the cost of work: equally distributed equivalent consumption (inequality aversion 1 and 2),
and equality times mean consumption.
"""


def nash_welfare(amount: Any, people: Any = None, disagreement: float = 0.0) -> float:
    """Return the geometric mean of people's gains over a ``disagreement`` point, in the unit of ``amount`` ``[N]``.

    The product of gains that Nash (1950) maximises, per person; for consumption it is ``atkinson_1``. Missing where a
    person has no gain.
    """
    values, mass = sample(amount, people)
    gains = values - disagreement
    return float(np.exp(mass @ np.log(gains))) if (gains > 0).all() else float("nan")


def welfare_table(accounts_of: Mapping[str, Accounts]) -> pd.DataFrame:
    """Return one row per policy and one column per welfare function (:data:`FUNCTIONS`), per person.

    Atkinson measures are missing where a person has no consumption, ``inverse_income`` without income at 40 hours.

    Args:
        accounts_of: by policy, ``[N]`` arrays or tensors ``utility``, ``consumption`` and, where the economy has them,
            ``potential_income`` and ``weight``, the number of people that an entry represents.
    """
    import pandas as pd

    rows = {policy: _row(accounts) for policy, accounts in accounts_of.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(FUNCTIONS)).rename_axis("policy")


def numbers_of(accounts: Accounts) -> dict[str, Tensor]:
    """Return the accounts that welfare functions read, ``[N]`` float64 each, with ``weight`` (one each by default)."""
    names = [*NEEDED, *({"potential_income"} & set(accounts))]
    numbers = {name: torch.as_tensor(accounts[name], dtype=torch.float64) for name in names}
    weight = accounts.get("weight")
    numbers["weight"] = (
        torch.ones_like(numbers["utility"]) if weight is None else torch.as_tensor(weight, dtype=torch.float64)
    )
    return numbers


def _row(accounts: Accounts) -> list[float]:
    numbers = numbers_of(accounts)
    return [float(function(numbers)) for function in FUNCTIONS.values()]
