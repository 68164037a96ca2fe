"""Revenue, effective and marginal tax rates, and their incidence by decile and group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, arrays, deciles
from econsim.mechanisms import taxes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["effective_rates", "marginal_rates", "rates_by_decile", "rates_by_group", "revenue"]


def revenue(tax: ArrayLike, people: ArrayLike | None = None) -> float:
    """Return total revenue in money from ``tax`` ``[N]``."""
    paid, mass = arrays(tax, people)
    return float((paid * mass).sum())


def effective_rates(income: ArrayLike, tax: ArrayLike) -> Floats:
    """Return tax over income of each person, ``[N]``; missing (NaN) for people without income."""
    earned, paid = arrays(income)[0], arrays(tax)[0]
    return np.where(earned > 0, paid / np.where(earned > 0, earned, 1.0), np.nan)


def marginal_rates(income: ArrayLike, thresholds: ArrayLike, rates: ArrayLike) -> Floats:
    """Return each person's marginal tax rate ``[N]`` under a schedule of ``thresholds`` and ``rates`` ``[K]``."""
    tensors = (torch.as_tensor(arrays(value)[0]) for value in (income, thresholds, rates))
    return np.asarray(taxes.marginal_rate(*tensors))


def rates_by_decile(
    income: ArrayLike,
    tax: ArrayLike,
    thresholds: ArrayLike,
    rates: ArrayLike,
    rebate: ArrayLike = 0.0,
    rank_by: ArrayLike | None = None,
    people: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return incomes, taxes and rates of each decile of ``rank_by`` (income by default).

    Columns: ``decile``; mean ``income`` and ``tax`` per person in money; ``effective_rate``, tax over income of the
        decile;
    ``net_rate``, the same after the ``rebate``; ``marginal_rate``, the mean of its people. The two shares of income are
    missing for a decile without income.
    """
    earned, mass = arrays(income, people)
    tenth = deciles(earned if rank_by is None else rank_by, mass)
    return rates_by_group(earned, tax, tenth, marginal_rates(earned, thresholds, rates), rebate, mass, "decile")


def rates_by_group(
    income: ArrayLike,
    tax: ArrayLike,
    group: Any,
    marginal_rate: ArrayLike = np.nan,
    rebate: ArrayLike = 0.0,
    people: ArrayLike | None = None,
    name: str = "group",
) -> pd.DataFrame:
    """Return the columns of :func:`rates_by_decile` for each ``group`` ``[N]`` (labels, in a column ``name``)."""
    import pandas as pd

    earned, mass = arrays(income, people)
    columns = {
        "people": mass,
        "income": mass * earned,
        "tax": mass * arrays(tax)[0],
        "rebate": mass * arrays(rebate)[0],
        "marginal_rate": mass * arrays(marginal_rate)[0],
    }
    sums = pd.DataFrame(columns).groupby(pd.Index(group, name=name)).sum(min_count=1)
    base = sums["income"].where(sums["income"] > 0)
    table = {
        "income": sums["income"] / sums["people"],
        "tax": sums["tax"] / sums["people"],
        "effective_rate": sums["tax"] / base,
        "net_rate": (sums["tax"] - sums["rebate"]) / base,
        "marginal_rate": sums["marginal_rate"] / sums["people"],
    }
    return pd.DataFrame(table).reset_index()
