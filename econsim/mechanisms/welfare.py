"""Measures of social welfare and inequality as pure functions of individual amounts, from ``[..., N]`` to ``[...]``.

All measures are per capita, so that populations of different size are comparable. ``people`` ``[..., N]`` is the number
of people that each observation represents, one each by default. Only :func:`equality` depends on its scale.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from econsim.mechanisms.numerics import ascending
from econsim.mechanisms.weighted_people import mean, number_of


def utilitarian(utility: Tensor, people: Tensor | None = None) -> Tensor:
    """Return mean utility, in its unit."""
    return mean(utility, people)


def rawlsian(utility: Tensor) -> Tensor:
    """Return the lowest utility, in its unit."""
    return utility.amin(-1)


def geometric_mean(utility: Tensor, people: Tensor | None = None) -> Tensor:
    """Return the exponential of mean log utility, for utility in money: the utility that, equal for all, is as good.

    It is zero, up to the smallest positive number, if anybody's utility is not positive.
    """
    return mean(utility.clamp(min=torch.finfo(utility.dtype).tiny).log(), people).exp()


def weighted(utility: Tensor, weights: Tensor) -> Tensor:
    """Return ``sum_i g_i u_i`` for weights ``g`` ``[..., N]`` that sum to one, in the unit of utility."""
    return (weights * utility).sum(-1)


def marginal_weights(social_welfare: Callable[[Tensor], Tensor], money: Tensor) -> Tensor:
    r"""Return marginal social welfare weights $\partial W / \partial m_i$, ``[..., N]``, on the scale of welfare.

    Args:
        social_welfare: a differentiable function of lump sums ``[..., N]`` in money, with welfare ``[...]`` as result.
        money: a tensor of the shape, precision and device of these lump sums, which are zero where weights are taken.
    """
    with torch.enable_grad():
        lump_sums = torch.zeros_like(money, requires_grad=True)
        # Adding zero times the lump sums makes a welfare function that does not depend on them differentiable.
        (gain,) = torch.autograd.grad(social_welfare(lump_sums).sum() + 0.0 * lump_sums.sum(), lump_sums)
    return gain


def inverse_income_weights(income: Tensor, floor: float = 1.0) -> Tensor:
    r"""Return weights proportional to $1 / \max(z, \text{floor})$, ``[..., N]``, that sum to one.

    Use an income that does not respond to policy, such as potential income at 40 hours per week. With weights based on
    actual income, a planner gains when people stop working.
    """
    inverse = 1.0 / income.clamp(min=floor)
    return inverse / inverse.sum(-1, keepdim=True)


def inverse_income_weighted_utility(utility: Tensor, income: Tensor, people: Tensor | None = None) -> Tensor:
    """Return utility weighted by the inverse of ``income`` (see :func:`inverse_income_weights`), in its unit."""
    weights = inverse_income_weights(income)
    return weighted(utility, weights) if people is None else utilitarian(utility, people * weights)


def atkinson(consumption: Tensor, epsilon: float, people: Tensor | None = None) -> Tensor:
    r"""Return equally-distributed-equivalent consumption, in money.

    This is the consumption that, if equal for all, gives the same social welfare: the mean of $C^{1 - \epsilon}$ to the
    power $1 / (1 - \epsilon)$; the geometric mean at $\epsilon = 1$, and the mean at zero inequality aversion
    $\epsilon$. Consumption must be positive; the result is NaN otherwise. Source: Atkinson (1970).
    """
    log_consumption = consumption.log()
    power = 1.0 - epsilon
    if power == 0.0:
        return utilitarian(log_consumption, people).exp()
    mass = torch.ones_like(consumption) if people is None else people
    log_mean = torch.logsumexp(power * log_consumption + mass.log(), -1) - mass.sum(-1).log()
    return (log_mean / power).exp()


def gini(amount: Tensor, people: Tensor | None = None) -> Tensor:
    r"""Return the Gini coefficient $\sum_{i,j} |x_i - x_j| / (2 N \sum_i x_i)$, float64, by the exact sorted formula.

    Zero if all amounts are zero. Negative amounts are allowed; the coefficient can then exceed one.
    """
    # Weights are shares of people with less, minus shares of people with more.
    if people is None:
        ranked = ascending(amount.double())
        count = ranked.shape[-1]
        weight = torch.arange(1.0 - count, count, 2.0, dtype=torch.float64, device=ranked.device) / count
        total = ranked.sum(-1)
    else:
        ranked, order = amount.double().sort(-1)
        mass = people.double().gather(-1, order)
        up_to = mass.cumsum(-1)
        everyone = up_to[..., -1:]
        weight, total = (2.0 * up_to - mass - everyone) / everyone * mass, (mass * ranked).sum(-1)
    is_empty = total == 0
    spread = (weight * ranked).sum(-1) / torch.where(is_empty, 1.0, total)
    return torch.where(is_empty, 0.0, spread)


def equality(amount: Tensor, people: Tensor | None = None) -> Tensor:
    r"""Return $1 - \text{gini} \, N / (N - 1)$, float64: zero if one has everything, one if all have the same.

    $N$ is the number of people, the sum of ``people``; weights that sum to one are shares of an unbounded population,
    for which the factor is one, as it is for a single person.
    """
    count = number_of(amount, people)
    several = count > 1.5
    return 1.0 - gini(amount, people) * torch.where(several, count / torch.where(several, count - 1.0, 1.0), 1.0)


def equality_times_productivity(amount: Tensor, people: Tensor | None = None) -> Tensor:
    """Return equality times the mean amount, float64, in money: the AI Economist's objective, per capita."""
    return equality(amount, people) * utilitarian(amount.double(), people)
