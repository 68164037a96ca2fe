"""Income taxes and transfers as pure, differentiable functions on tensors, without data-dependent shapes.

A bracket schedule is a pair of ``thresholds`` ``[K]`` or ``[B, K]`` (money, starting at zero) and marginal ``rates``
``[K]`` or ``[B, K]`` (fractions): rate ``k`` applies to income between thresholds ``k`` and ``k + 1``, the last rate
to all income above. A negative rate is a wage subsidy, such as the phase-in of an earned income tax credit, and a
negative tax is a refundable credit. Incomes are ``[..., N]``; the axes before the last broadcast.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from econsim.errors import UserError
from econsim.mechanisms.numerics import power


def brackets_tax(income: Tensor, thresholds: Tensor, rates: Tensor) -> Tensor:
    r"""Return $T(z) = \sum_k t_k \, (\min(z, b_{k+1}) - b_k)^+$, ``[..., N]`` in money; zero for negative income.

    It is negative, a refundable credit, where negative rates outweigh positive ones.
    """
    brackets = rates.shape[-1]
    tax = torch.zeros_like(income)
    for bracket in range(brackets):
        lower = thresholds[..., bracket, None]
        upper = thresholds[..., bracket + 1, None] if bracket + 1 < brackets else None
        tax = tax + rates[..., bracket, None] * (income.clamp(min=lower, max=upper) - lower)
    return tax


def marginal_rate(income: Tensor, thresholds: Tensor, rates: Tensor) -> Tensor:
    """Return the marginal tax rate on the next unit of income, ``[..., N]``; at a threshold, of the upper bracket.

    Negative income has a marginal rate of zero.
    """
    # The shape of tensors rather than torch.broadcast_shapes, whose first call imports sympy, half a second.
    batch = torch.broadcast_tensors(income[..., :1], thresholds[..., :1], rates[..., :1])[0].shape[:-1]  # type: ignore[no-untyped-call]
    income = income.expand(*batch, -1).contiguous()
    starts = thresholds if thresholds.ndim == 1 else thresholds.expand(*batch, -1).contiguous()
    bracket = torch.searchsorted(starts.to(income), income, right=True)  # from 1; 0 below the first threshold
    return pad(rates, (1, 0)).expand(*batch, -1).gather(-1, bracket)


def tax_at_thresholds(thresholds: Tensor, rates: Tensor) -> Tensor:
    """Return the tax liability at the lower threshold of every bracket, ``[K]`` or ``[B, K]`` in money."""
    full_brackets = rates[..., :-1] * thresholds.diff(dim=-1)
    return pad(full_brackets.cumsum(-1), (1, 0))


def flat_tax(income: Tensor, rate: Tensor | float) -> Tensor:
    """Return a flat tax at ``rate`` (a scalar or ``[B]``) on all income, ``[..., N]``; zero for negative income."""
    return torch.as_tensor(rate, dtype=income.dtype, device=income.device)[..., None] * income.clamp(min=0)


def hsv_tax(income: Tensor, level: Tensor | float, progressivity: Tensor | float) -> Tensor:
    r"""Return the tax $T(z) = z - \lambda z^{1 - \tau}$, ``[..., N]``; negative values are transfers.

    Args:
        income: ``[..., N]``, in the unit for which ``level`` was estimated, often mean income; negative counts as zero.
        level: $\lambda$, a scalar or ``[B]``; a lower level raises the tax at all incomes.
        progressivity: $\tau < 1$, a scalar or ``[B]``; zero is a flat tax of ``1 - level``.

    Source: Heathcote, Storesletten and Violante 2017, "Optimal tax progressivity: an analytical framework".
    """
    positive = income.clamp(min=0)
    level = torch.as_tensor(level, dtype=income.dtype, device=income.device)[..., None]
    exponent = 1.0 - torch.as_tensor(progressivity, dtype=income.dtype, device=income.device)[..., None]
    return positive - level * power(positive, exponent)


def lump_sum(tax: Tensor) -> Tensor:
    """Return the equal transfer per person that exhausts revenue, ``[...]`` float64 for ``tax`` ``[..., N]``.

    Revenue is summed in float64, so that transfers equal revenue even for many single-precision taxes.
    """
    return tax.mean(-1, dtype=torch.float64)


def with_deduction(thresholds: Tensor, rates: Tensor, deduction: Tensor | float) -> tuple[Tensor, Tensor]:
    """Return a schedule on income after a deduction as a schedule on gross income, with a bracket at a zero rate.

    ``deduction`` is in money, zero or more, a scalar or ``[B]``.
    """
    below = torch.as_tensor(deduction, dtype=thresholds.dtype, device=thresholds.device)
    return pad(thresholds + below[..., None], (1, 0)), pad(rates, (1, 0))


def project(thresholds_from: Tensor, rates_from: Tensor, thresholds_to: Tensor) -> Tensor:
    """Return the average marginal rate of one schedule within the brackets of another, ``[..., K_to]``.

    The top bracket has the top rate. The tax liability at incomes equal to the new thresholds is preserved, and equal
    thresholds give exactly equal rates.

    Args:
        thresholds_from: ``[K_from]``, money.
        rates_from: ``[..., K_from]``.
        thresholds_to: ``[K_to]``, money.
    """
    lower, upper = thresholds_to[:-1, None], thresholds_to[1:, None]
    ends = pad(thresholds_from[1:], (0, 1), value=torch.inf)
    overlap = (torch.minimum(upper, ends) - torch.maximum(lower, thresholds_from)).clamp(min=0)
    # Divide before summing, so that the rates of brackets that both schedules share are exact.
    within = (rates_from[..., None, :] * (overlap / (upper - lower))).sum(-1)
    return torch.cat([within, rates_from[..., -1:]], dim=-1)


def project_at_incomes(
    thresholds_from: Tensor, rates_from: Tensor, thresholds_to: Tensor, incomes: Tensor, people: Tensor
) -> Tensor:
    r"""Return one schedule in the brackets of another, so that each bracket raises the same revenue at given incomes.

    The rate of bracket $k$ is the average marginal rate within it, weighted by the number of people above each income:
    $r_k = \sum_i w_i [T(\min(z_i, b_{k+1})) - T(b_k)]^+ / \sum_i w_i (\min(z_i, b_{k+1}) - b_k)^+$. A bracket that no
    income reaches has the rate at its lower threshold, from which a first income would be taxed. Equal thresholds give
    exactly equal rates.

    Args:
        thresholds_from: ``[K_from]``, money.
        rates_from: ``[K_from]``.
        thresholds_to: ``[K_to]``, money.
        incomes: ``[..., N]``, money.
        people: ``[N]``, the number of people with each income.

    Returns:
        ``[..., K_to]``.
    """
    starts, ends = thresholds_from.tolist(), [*thresholds_from[1:].tolist(), float("inf")]
    projected = []
    for lower, upper in zip(thresholds_to.tolist(), [*thresholds_to[1:].tolist(), float("inf")], strict=True):
        taxed = [
            (people * (incomes.clamp(max=min(upper, end)) - max(lower, start)).clamp(min=0)).sum(-1)
            for start, end in zip(starts, ends, strict=True)
        ]
        amounts = torch.stack(taxed, -1)  # of income within both brackets
        total = amounts.sum(-1, keepdim=True)
        # Divide before summing, so that the rates of brackets that both schedules share are exact.
        average = (rates_from * (amounts / torch.where(total > 0, total, 1.0))).sum(-1)
        projected.append(
            torch.where(total[..., 0] > 0, average, rates_from[sum(start <= lower for start in starts) - 1])
        )
    return torch.stack(projected, -1)


def check_schedule(
    thresholds: Tensor | Sequence[float], rates: Tensor | Sequence[float], lowest_rate: float = 0.0
) -> None:
    """Check a bracket schedule, ``[K]`` or ``[B, K]`` each.

    Raises:
        UserError: there is no bracket, the lengths differ, the thresholds do not start at zero or are not strictly
            increasing, or a rate is outside [lowest_rate, 1] or NaN.
    """
    start = torch.as_tensor(thresholds, dtype=torch.float64)
    rate = torch.as_tensor(rates, dtype=torch.float64)
    if start.ndim == 0 or rate.ndim == 0 or start.shape[-1] == 0 or start.shape[-1] != rate.shape[-1]:
        raise UserError(f"rates: expected one per bracket, found {rate.numel()} rates for {start.numel()} thresholds")
    if not bool((start[..., 0] == 0).all()):
        raise UserError(f"thresholds: expected 0 as the first threshold, found {start[..., 0].tolist()}")
    if not bool(start.isfinite().all() and (start.diff(dim=-1) > 0).all()):
        raise UserError(f"thresholds: expected strictly increasing numbers, found {start.tolist()}")
    if not bool(((rate >= lowest_rate) & (rate <= 1)).all()):
        raise UserError(f"rates: expected fractions between {lowest_rate:g} and 1, found {rate.tolist()}")
