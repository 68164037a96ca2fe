"""What a schedule takes from whom, and how incomes answer, from arrays ``[N]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, arrays, deciles
from econsim.errors import UserError
from econsim.mechanisms import taxes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["arc_elasticity", "marginal_rates", "rates_by_decile", "revenue"]


def revenue(tax: ArrayLike, people: ArrayLike | None = None) -> float:
    """Return total revenue in money from ``tax`` ``[N]``."""
    paid, mass = arrays(tax, people)
    return float((paid * mass).sum())


def marginal_rates(income: ArrayLike, thresholds: ArrayLike, rates: ArrayLike) -> Floats:
    """Return each person's marginal rate ``[N]`` under the bracket schedule ``thresholds`` and ``rates`` ``[K]``."""
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
    """Return what each decile of ``rank_by`` (income by default) pays.

    Columns: ``decile``; mean ``income`` and ``tax`` a head in money; ``effective_rate``, tax over income of the decile;
    ``net_rate``, the same after the ``rebate``; ``marginal_rate``, the mean of its people. The two shares of income are
    missing where a decile earns nothing.
    """
    import pandas as pd

    earned, mass = arrays(income, people)
    columns = {
        "people": mass,
        "income": mass * earned,
        "tax": mass * arrays(tax)[0],
        "rebate": mass * arrays(rebate)[0],
        "marginal_rate": mass * marginal_rates(earned, thresholds, rates),
    }
    tenth = pd.Index(deciles(earned if rank_by is None else rank_by, mass), name="decile")
    sums = pd.DataFrame(columns).groupby(tenth).sum()
    base = sums["income"].where(sums["income"] > 0)
    table = {
        "income": sums["income"] / sums["people"],
        "tax": sums["tax"] / sums["people"],
        "effective_rate": sums["tax"] / base,
        "net_rate": (sums["tax"] - sums["rebate"]) / base,
        "marginal_rate": sums["marginal_rate"] / sums["people"],
    }
    return pd.DataFrame(table).reset_index()


def arc_elasticity(
    income: ArrayLike, marginal_rate: ArrayLike, other_income: ArrayLike, other_marginal_rate: ArrayLike
) -> float:
    """Return the elasticity of taxable income to the net-of-tax rate between two policies for the same people.

    ``log(Z' / Z) / log(n' / n)`` with total income ``Z`` and mean net-of-tax rate ``n``, weighted by the sum of a
    person's two incomes. Between flat taxes a constant elasticity is recovered exactly.

    Args:
        income: ``[N]``, under one policy, with ``marginal_rate`` ``[N]``.
        marginal_rate: fractions.
        other_income: ``[N]``, the same people under the other policy, with ``other_marginal_rate`` ``[N]``.
        other_marginal_rate: fractions.

    Raises:
        UserError: nobody earns under one of the policies, or their mean net-of-tax rates are equal or zero.
    """
    before, after = arrays(income)[0], arrays(other_income)[0]
    weight = before + after
    if before.sum() <= 0 or after.sum() <= 0:
        raise UserError("arc_elasticity: nobody has income under one of the two policies")
    net_rate, other_net_rate = (
        float(np.average(1.0 - np.broadcast_to(arrays(rate)[0], weight.shape), weights=weight))
        for rate in (marginal_rate, other_marginal_rate)
    )
    if net_rate <= 0 or other_net_rate <= 0 or np.isclose(net_rate, other_net_rate, rtol=1e-9, atol=0.0):
        raise UserError(
            f"arc_elasticity: mean net-of-tax rates {net_rate:g} and {other_net_rate:g} must differ and be positive"
        )
    return float(np.log(after.sum() / before.sum()) / np.log(other_net_rate / net_rate))
