"""Exact best responses of workers to a tax schedule with brackets.

With quasi-linear utility, a worker who would earn income $y$ without taxes maximises $z - T(z) - (y / d) (z / y)^d$
over income $z$, where $d = 1 + 1 / e$ and $e$ is the elasticity. Within a bracket of marginal tax rate $t$ the
objective is concave and peaks at $y (1 - t)^e$. Across brackets it need not be concave (a falling rate, as where the
phase-out of a credit ends, makes the budget set non-convex), so the peaks of all brackets are compared. A peak below
its bracket is dominated by the bracket beneath, since the objective is continuous. A peak above it is clamped to the
threshold, where workers bunch (Saez 2010) if the rate rises there, and is dominated by the bracket above if it falls.
At a peak within its bracket utility is linear in $y$, so that a power per worker is needed only at thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from econsim.acceleration import known
from econsim.mechanisms.numerics import power
from econsim.mechanisms.taxes import brackets_tax, tax_at_thresholds

BLOCK = 1 << 15
BISECTIONS = 34


def best_income(
    untaxed_income: Tensor, income_cap: Tensor, thresholds: Tensor, rates: Tensor, elasticity: Tensor
) -> Tensor:
    """Return the exact best income of quasi-linear workers, ``[B, N]``, differentiable almost everywhere.

    Args:
        untaxed_income: income in the absence of taxes, ``[B, N]`` or ``[N]``, positive.
        income_cap: income at the maximum hours, of the same shape.
        thresholds: ``[K]`` or ``[B, K]``, starting at zero.
        rates: ``[K]`` or ``[B, K]``, at most 1; negative rates are subsidies of work.
        elasticity: of income with respect to the net-of-tax rate, a scalar or ``[B, 1]``.
    """
    change = rates.diff(dim=-1)
    rising = (change >= 0).all(-1, keepdim=True)
    falling = (change <= 0).all(-1, keepdim=True) & ~rising
    by_schedule = (
        (~rising & ~falling, _best_of_brackets),
        (falling, _best_where_rates_fall),
        (rising, _best_where_rates_rise),
    )
    needed = [(mask, method) for mask, method in by_schedule if not known(~mask.any())]
    # Work in blocks of workers that fit the cache: with a million at once, memory bandwidth would be the bottleneck.
    blocks = zip(torch.split(untaxed_income, BLOCK, -1), torch.split(income_cap, BLOCK, -1), strict=True)
    best = []
    for untaxed, cap in blocks:
        (_, first), *others = needed
        income = first(untaxed, cap, thresholds, rates, elasticity)
        for mask, method in others:
            income = torch.where(mask, method(untaxed, cap, thresholds, rates, elasticity), income)
        best.append(income)
    return torch.cat(best, -1)


def _best_where_rates_rise(
    untaxed_income: Tensor, income_cap: Tensor, thresholds: Tensor, rates: Tensor, elasticity: Tensor
) -> Tensor:
    """Return the largest of the peaks, each at most at the end of its bracket: the best where no rate falls.

    The budget set is then convex. Peaks of brackets below the best income are beyond the ends of these brackets; peaks
    of brackets above it are lower.
    """
    shrink = power(1.0 - rates, elasticity)
    best = torch.zeros_like(untaxed_income)
    for bracket in range(rates.shape[-1]):
        peak = untaxed_income * shrink[..., bracket, None]
        if bracket + 1 < rates.shape[-1]:
            peak = torch.minimum(peak, thresholds[..., bracket + 1, None])
        # Of equal peaks, gradients are those of the first, in whose bracket the income is.
        best = torch.where(peak > best, peak, best) if peak.requires_grad else torch.maximum(best, peak)
    return torch.minimum(best, income_cap)


def _best_where_rates_fall(
    untaxed_income: Tensor, income_cap: Tensor, thresholds: Tensor, rates: Tensor, elasticity: Tensor
) -> Tensor:
    """Return the peak of the best budget line: the best where no rate rises.

    Tax is then concave in income, so that the budget set is the union of the sets below its lines, each extended to all
    incomes.
    """
    shrink, gain, intercept = _lines(thresholds, rates, elasticity)
    cost_at_cap = _cost_at_cap(untaxed_income, income_cap, shrink, elasticity)
    best = best_value = torch.empty(0)
    for bracket in range(rates.shape[-1]):
        factor, line = shrink[..., bracket, None], intercept[..., bracket, None]
        value = untaxed_income * gain[..., bracket, None] + line
        if cost_at_cap is not None:
            at_cap = income_cap * (1.0 - rates[..., bracket, None]) - cost_at_cap + line
            value = torch.where(untaxed_income * factor > income_cap, at_cap, value)
        best = torch.where(value > best_value, factor, best) if bracket else factor.expand_as(value)
        best_value = torch.maximum(value, best_value) if bracket else value
    return torch.minimum(untaxed_income * best, income_cap)


def _best_of_brackets(
    untaxed_income: Tensor, income_cap: Tensor, thresholds: Tensor, rates: Tensor, elasticity: Tensor
) -> Tensor:
    """Return the best of the peaks of all brackets."""
    shrink, gain, intercept = _lines(thresholds, rates, elasticity)
    cost_at_cap = _cost_at_cap(untaxed_income, income_cap, shrink, elasticity)
    falls = rates.diff(dim=-1) < 0
    best, best_value = torch.zeros_like(untaxed_income), torch.full_like(untaxed_income, -torch.inf)
    for bracket in range(rates.shape[-1]):
        line, slope = intercept[..., bracket, None], 1.0 - rates[..., bracket, None]
        income = untaxed_income * shrink[..., bracket, None]
        value = untaxed_income * gain[..., bracket, None] + line
        if cost_at_cap is not None:
            value = torch.where(income > income_cap, income_cap * slope - cost_at_cap + line, value)
            income = torch.minimum(income, income_cap)
        reached = income >= thresholds[..., bracket, None]
        if known(~reached.any()):
            continue
        if bracket + 1 < rates.shape[-1]:
            upper = thresholds[..., bracket + 1, None]
            above = income > upper
            reached = reached & ~(above & falls[..., bracket, None])
            if not known(~(reached & above).any()):
                at_upper = upper * slope - _cost_below(untaxed_income, upper, shrink, elasticity) + line
                value, income = torch.where(above, at_upper, value), torch.minimum(income, upper)
        better = reached & (value > best_value)
        best, best_value = torch.where(better, income, best), torch.where(better, value, best_value)
    return best


def _lines(thresholds: Tensor, rates: Tensor, elasticity: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return each bracket's peak and utility at the peak per unit of untaxed income, and its budget line's intercept.

    The budget line of a bracket is extended to an income of zero. All are ``[K]`` or ``[B, K]``.
    """
    exponent, retention = 1.0 + 1.0 / elasticity, 1.0 - rates
    shrink = power(retention, elasticity)
    gain = shrink * retention - power(shrink, exponent) / exponent
    return shrink, gain, rates * thresholds - tax_at_thresholds(thresholds, rates)


def _cost_at_cap(untaxed_income: Tensor, income_cap: Tensor, shrink: Tensor, elasticity: Tensor) -> Tensor | None:
    """Return the cost of work at the income cap, ``[B, N]``; ``None`` where no peak is known to be above it."""
    if known((untaxed_income * shrink.amax(-1, keepdim=True) <= income_cap).all()):
        return None
    return _cost_below(untaxed_income, income_cap, shrink, elasticity)


def _cost_below(untaxed_income: Tensor, income: Tensor, shrink: Tensor, elasticity: Tensor) -> Tensor:
    """Return the cost of work at an income up to the highest peak or untaxed income; above it, the cost there.

    A subsidy makes an income above untaxed income attractive. The power is of a bounded ratio: powers of money itself
    overflow in single precision.
    """
    exponent = 1.0 + 1.0 / elasticity
    most = shrink.amax(-1, keepdim=True).clamp(min=1.0).detach()
    ratio = (income / untaxed_income).clamp(max=most)
    return untaxed_income * power(ratio, exponent) / exponent


def grid_values(skill: Tensor, cost: Tensor, hours: Tensor, thresholds: Tensor, rates: Tensor) -> Tensor:
    """Return net income less the cost of work for every choice of hours, ``[B, N, A]``.

    Args:
        skill: money per hour, ``[B, N]`` or ``[1, N]``.
        cost: of each choice, ``[B, N, A]`` or ``[1, N, A]``, in money.
        hours: ``[A]``.
        thresholds: ``[K]`` or ``[B, K]``.
        rates: ``[B, K]``.
    """
    income = skill[..., None] * hours
    flat = income.flatten(-2)
    return income - brackets_tax(flat, thresholds, rates).reshape(rates.shape[0], *income.shape[1:]) - cost


def quasi_linear_peaks(
    skill: Tensor, untaxed_hours: Tensor, cap: float, thresholds: Tensor, rates: Tensor, elasticity: Tensor
) -> Tensor:
    """Return the best hours within each bracket, ``[K, B, N]``, for quasi-linear utility."""
    shrink = power(1.0 - rates, elasticity)
    peaks = [
        (untaxed_hours * shrink[..., bracket, None]).clamp(low, high)
        for bracket, (low, high, _) in enumerate(_brackets_in_hours(skill, cap, thresholds, rates))
    ]
    return torch.stack(peaks)


def isoelastic_peaks(
    skill: Tensor,
    cap: float,
    thresholds: Tensor,
    rates: Tensor,
    other_income: Tensor,
    marginal_gain: Callable[[Tensor, Tensor, Tensor], Tensor],
) -> Tensor:
    """Return the best hours within each bracket, ``[K, B, N]``, by bisection, without a closed form.

    ``marginal_gain(hours, consumption, net_wage)`` is the derivative of utility with respect to hours. It decreases in
    hours, so that bisection finds its zero to within ``cap * 2^-34``. ``other_income`` ``[B, N]`` is consumption at
    zero hours.
    """
    paid_below = tax_at_thresholds(thresholds, rates)
    brackets = []
    for bracket, (low, high, rate) in enumerate(_brackets_in_hours(skill, cap, thresholds, rates)):
        unearned = other_income - paid_below[..., bracket, None] + rate * thresholds[..., bracket, None]
        brackets.append((low, high, unearned, (1.0 - rate) * skill))
    # Bisect in all brackets at once, [K, B, N]: the run time depends on the number of operations, not on their size.
    stacked = [torch.stack(list(tensors)) for tensors in zip(*brackets, strict=True)]
    low, high, unearned, net_wage = stacked
    for _ in range(BISECTIONS):
        hours = 0.5 * (low + high)
        more = marginal_gain(hours, net_wage * hours + unearned, net_wage) > 0
        low, high = torch.where(more, hours, low), torch.where(more, high, hours)
    return 0.5 * (low + high)


def best_among(peaks: Tensor, utility: Callable[[Tensor], Tensor], step: float | None) -> Tensor:
    """Return the best ``[B, N]`` of peaks ``[K, B, N]``, or of the multiples of ``step`` on either side of each peak.

    Utility is concave within a bracket, so that the best multiple within it is adjacent to the bracket's peak.
    ``utility`` is called with several choices at once, ``[C, B, N]``, as many as fit the cache.
    """
    if step is not None:
        peaks = torch.stack([(peaks / step).floor() * step, (peaks / step).ceil() * step], 1).flatten(0, 1)
    at_once = max(1, BLOCK // max(1, peaks[0].numel()))
    values = [value for choices in torch.split(peaks, at_once) for value in utility(choices)]
    best, best_value = peaks[0], values[0]
    for hours, value in zip(peaks[1:], values[1:], strict=True):
        better = value > best_value
        best, best_value = torch.where(better, hours, best), torch.where(better, value, best_value)
    return best


def _brackets_in_hours(
    skill: Tensor, cap: float, thresholds: Tensor, rates: Tensor
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield the lowest and highest hours that end in each bracket, at most ``cap``, and the bracket's rate."""
    for bracket in range(rates.shape[-1]):
        low = (thresholds[..., bracket, None] / skill).clamp(max=cap)
        last = bracket + 1 == rates.shape[-1]
        high = torch.full_like(skill, cap) if last else (thresholds[..., bracket + 1, None] / skill).clamp(max=cap)
        yield low, high, rates[..., bracket, None]
