"""The elasticity of taxable income to the net-of-tax rate, estimated from changes of incomes and rates.

:func:`econsim.mechanisms.saez.estimate_elasticity` estimates it from a cross-section of rates and incomes, and
:func:`econsim.analysis.taxation.bunching` from bunching at a kink.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, arrays
from econsim.errors import UserError
from econsim.mechanisms.saez import Elasticity

__all__ = ["arc_elasticity", "income_shares_elasticity", "panel_elasticity"]

_LEAST_VARIATION = 1e-12


def arc_elasticity(
    income: ArrayLike, marginal_rate: ArrayLike, other_income: ArrayLike, other_marginal_rate: ArrayLike
) -> float:
    r"""Return the elasticity of taxable income to the net-of-tax rate between two policies for the same people.

    $\log(Z' / Z) / \log(n' / n)$ with total income $Z$ and mean net-of-tax rate $n$, weighted by the sum of a
    person's two incomes. Between flat taxes a constant elasticity is recovered exactly.

    Args:
        income: ``[N]``, under one policy, with ``marginal_rate`` ``[N]``.
        marginal_rate: fractions.
        other_income: ``[N]``, the same people under the other policy, with ``other_marginal_rate`` ``[N]``.
        other_marginal_rate: fractions.

    Raises:
        UserError: nobody has income under one of the policies, or their mean net-of-tax rates are equal or zero.
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


def income_shares_elasticity(income_share: ArrayLike, marginal_rate: ArrayLike) -> float:
    """Return the elasticity from the income share of a group: least squares of its log on the log net-of-tax rate.

    Causes that affect all incomes alike cancel in a share; two periods give the ratio of the two changes.

    Args:
        income_share: ``[Y]`` by period, fractions, for example of the richest hundredth.
        marginal_rate: ``[Y]``, the group's mean marginal rate below one.

    Raises:
        UserError: shares that are not positive, rates of one or more, or rates that do not differ.

    Source: Saez, Slemrod and Giertz 2012, section 3.2.
    """
    share, rate = arrays(income_share)[0], arrays(marginal_rate)[0]
    if share.shape != rate.shape or (share <= 0).any() or (rate >= 1).any():
        raise UserError("income_shares_elasticity: expected a positive share and a rate below one for each period")
    net = np.log1p(-rate) - np.log1p(-rate).mean()
    if net @ net < _LEAST_VARIATION:
        raise UserError("income_shares_elasticity: the rates of the periods must differ")
    return float(net @ np.log(share) / (net @ net))


def panel_elasticity(
    income: ArrayLike,
    income_after: ArrayLike,
    marginal_rate: ArrayLike,
    marginal_rate_after: ArrayLike,
    predicted_rate: ArrayLike,
    people: ArrayLike | None = None,
    control_for_income: bool = True,
    confidence: float = 0.95,
) -> Elasticity:
    """Return the elasticity from the same people before and after a reform, by two-stage least squares.

    The change of log income is regressed on the change of the log net-of-tax rate. That change depends on
    income itself; its instrument is the change under the reform at incomes before it. Shocks that last for one period
    move both incomes before and this instrument and bias the estimate (Weber 2014).

    Args:
        income: ``[N]`` before; people without income before or after are left out.
        income_after: ``[N]``.
        marginal_rate: ``[N]`` before, below one.
        marginal_rate_after: ``[N]`` at incomes after.
        predicted_rate: ``[N]``, of the schedule after the reform at incomes before it.
        people: ``[N]`` weights, one each if not given.
        control_for_income: add log income before as a control (for mean reversion or diverging growth of incomes).
        confidence: level of the interval, with heteroskedasticity-robust errors (White 1980).

    Raises:
        UserError: the reform changes no rate, or all of them by the same amount while income is controlled for.

    Source: Gruber and Saez 2002, "The elasticity of taxable income: evidence and implications".
    """
    from scipy.special import ndtri

    columns = [
        np.broadcast_to(arrays(part)[0], np.shape(income))
        for part in (marginal_rate, marginal_rate_after, predicted_rate)
    ]
    before, mass = arrays(income, people)
    after = arrays(income_after)[0]
    kept = (before > 0) & (after > 0) & (mass > 0) & (np.max(columns, axis=0) < 1)
    rate, rate_after, predicted = (np.log1p(-column[kept]) for column in columns)
    controls = [np.ones(int(kept.sum())), *([np.log(before[kept])] if control_for_income else [])]
    regressors, instruments = (np.column_stack([own - rate, *controls]) for own in (rate_after, predicted))
    outcome = np.log(after[kept] / before[kept])
    value, error = _two_stage(outcome, regressors, instruments, mass[kept] / mass[kept].mean())
    margin = float(ndtri(0.5 + 0.5 * confidence)) * error
    return Elasticity(value, value - margin, value + margin, int(kept.sum()))


def _two_stage(outcome: Floats, regressors: Floats, instruments: Floats, weight: Floats) -> tuple[float, float]:
    """Return the first coefficient and its robust standard error."""
    weighted = instruments * weight[:, None]
    crossed = weighted.T @ regressors
    if len(outcome) <= regressors.shape[1] or np.linalg.matrix_rank(weighted.T @ instruments) < regressors.shape[1]:
        raise UserError(
            "panel_elasticity: the reform must change the rates of some people differently from those of others"
        )
    inverse = np.linalg.inv(crossed)
    coefficients = inverse @ (weighted.T @ outcome)
    scores = weighted * (outcome - regressors @ coefficients)[:, None]
    variance = inverse @ (scores.T @ scores) @ inverse.T
    return float(coefficients[0]), float(variance[0, 0] ** 0.5)
