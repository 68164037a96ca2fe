r"""Optimal income taxes by the formula of Saez (2001), from incomes and the elasticity of taxable income.

The optimal marginal tax rate at income $z$ is $(1 - G) / (1 - G + a e)$, where $G$ is the mean welfare weight of people
with incomes above $z$ (weights average one over the population), $a = z f(z) / (1 - F(z))$ is the local Pareto
parameter, and $e$ is the elasticity of income with respect to the net-of-tax rate. Incomes respond to the rates, so an
optimum is a fixed point of these functions.

The rates of a schedule with brackets satisfy a first-order condition of their own, :func:`bracket_schedule`. The rates
of :func:`kernel_schedule` and :func:`histogram_schedule` are those of a schedule without brackets at some incomes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from econsim.errors import UserError
from econsim.mechanisms.taxes import project
from econsim.mechanisms.welfare import inverse_income_weights

FEWEST_SAMPLES = 10
LEAST_VARIATION = 1e-6
ROUNDING = 1e-12
BUNCHING = 1e-9
PARETO_OF_EMPTY_BRACKETS = 10.0


@dataclass(frozen=True)
class Elasticity:
    """Estimated elasticity of income with respect to the net-of-tax rate, confidence interval and sample size."""

    value: float
    low: float
    high: float
    samples: int


def optimal_rate(
    welfare_above: Tensor, pareto_parameter: Tensor, elasticity: Tensor | float, lowest_rate: float = 0.0
) -> Tensor:
    """Return the optimal marginal tax rate $(1 - G) / (1 - G + a e)$, elementwise, in [lowest_rate, 1].

    The rate is negative where the mean welfare weight $G$ exceeds one, and limited to ``lowest_rate``: at zero, no tax,
    since taxing these incomes does not raise welfare. Source: Saez (2001), equations 9 and 15.
    """
    gain = 1.0 - welfare_above
    return _rate(gain, gain + pareto_parameter * elasticity, gain.abs() >= ROUNDING, lowest_rate)


def _rate(gain: Tensor, total: Tensor, differs: Tensor, lowest_rate: float) -> Tensor:
    """Return ``gain / total`` within [lowest_rate, 1], and zero unless the gain ``differs`` from zero.

    If the total is not positive, no rate satisfies the first-order condition, and the rate is that end of the range
    towards which welfare rises.
    """
    interior = total > 0
    end = torch.where(gain > 0, 1.0, lowest_rate)
    rate = torch.where(interior, gain / torch.where(interior, total, 1.0), end).clamp(lowest_rate, 1.0)
    return torch.where(differs, rate, 0.0)


def bracket_schedule(
    incomes: Tensor,
    thresholds: Tensor,
    elasticity: float,
    welfare_weights: Tensor,
    people: Tensor | None = None,
    effort_values: Tensor | None = None,
    lowest_rate: float = 0.0,
) -> Tensor:
    r"""Return the bracket rates ``[K]`` float64 that satisfy the first-order conditions at given incomes.

    A higher rate $t$ in a bracket takes $M = \sum_i w_i (1 - g_i) (\min(z_i, b_{k+1}) - b_k)^+$ more, net of the social
    value of the money taken. Each person within the bracket, who does not bunch at its ends, earns
    $e z_i / (1 - t)$ less, of which the state loses $t$ and society $h_i$. Hence, with sums over these people,
    $t = (M - e \sum_i w_i h_i z_i) / (M + e \sum_i w_i z_i)$, or the lowest rate where this is less. The condition
    takes everybody's hours as continuous: a subsidy that draws people into work (Saez 2002) is not part of it.

    Args:
        incomes: ``[N]``, money.
        thresholds: ``[K]``, money, starting at zero.
        elasticity: $e$, of income with respect to the net-of-tax rate.
        welfare_weights: ``[N]``, social weights of money on any scale, each the total of the ``people`` that an entry
            represents; $g_i$ is the weight per person over its mean.
        people: ``[N]``, $w_i$, the number of people that each entry represents; one each by default.
        effort_values: ``[N]``, on the scale of ``welfare_weights``: the rise of welfare per unit of income from more
            work, at the person's optimum and apart from revenue; zero, the default, where welfare depends on utility.
        lowest_rate: lower limit of all rates, zero or negative.

    Source: the first-order condition of Saez (2001, section 3) for the rate of a bracket instead of the top rate.
    """
    income, start = incomes.double(), thresholds.double()
    mass = torch.ones_like(income) if people is None else people.double()
    scale = mass.sum() / welfare_weights.double().sum()
    taken = mass - welfare_weights.double() * scale
    effort = torch.zeros_like(income) if effort_values is None else effort_values.double() * scale
    ends = pad(start[1:], (0, 1), value=torch.inf)[:, None]
    lower = start[:, None]
    gain = (income.clamp(max=ends) - lower).clamp(min=0) @ taken
    # People at a threshold, to within rounding, bunch there: a small change of the rate does not move them.
    within = ((income > lower * (1.0 + BUNCHING)) & (income < ends * (1.0 - BUNCHING))).double()
    net = gain - elasticity * (within @ (effort * income))
    differs = net.abs() > ROUNDING * (mass * income).sum()
    return _rate(net, gain + elasticity * (within @ (mass * income)), differs, lowest_rate)


def kernel_schedule(
    incomes: Tensor,
    welfare_weights: Tensor,
    thresholds: Tensor,
    elasticity: float,
    people: Tensor | None = None,
    lowest_rate: float = 0.0,
) -> Tensor:
    """Return optimal bracket rates ``[K]`` float64, with a kernel density estimate of incomes.

    The rate of a bracket is that at its midpoint. The rate of the top bracket is that at the mean income $m$ above its
    threshold $b_K$, with $a = m / (m - b_K)$. If nobody earns more than the midpoint, the rate is that at $G = 0$ and
    $a = 10$, as published: 20 % at an elasticity of 0.4, low enough for incomes to move into the bracket.

    Args:
        incomes: ``[N]``, money.
        welfare_weights: ``[N]``, social marginal welfare weights, on any scale; each is the total weight of the
            ``people`` that an observation represents.
        thresholds: ``[K]``, money, starting at zero.
        elasticity: of income with respect to the net-of-tax rate.
        people: ``[N]``, number of people that each observation represents; one each by default.
        lowest_rate: lower limit of all rates, zero or negative.

    Source: the formula as applied to brackets by the LLM Economist (2025), with a correction of the top bracket.
    """
    income, start = incomes.double(), thresholds.double()
    mass = torch.ones_like(income) if people is None else people.double()
    mass, weight = mass / mass.sum(), welfare_weights.double() / welfare_weights.double().sum()
    in_top = mass * (income > start[-1])
    top_occupied = in_top.sum() > 0
    top_total = torch.where(top_occupied, in_top.sum(), 1.0)
    top_mean = torch.where(top_occupied, (in_top * income).sum() / top_total, start[-1])
    point = torch.cat([0.5 * (start[:-1] + start[1:]), top_mean[None]])
    above = (income > point[:, None]).double()
    share, welfare = above @ mass, above @ weight
    identified = torch.cat([share[:-1] > 0, top_occupied[None]])
    # Only the top bracket can be identified with nobody above its point, namely by a single person in it.
    share_or_one = torch.where(share > 0, share, 1.0)
    hazard = point * _density(point, income, mass) / share_or_one
    tail = top_mean / torch.where(top_occupied, top_mean - start[-1], 1.0)
    pareto = torch.where(identified, torch.cat([hazard[:-1], tail[None]]), PARETO_OF_EMPTY_BRACKETS)
    return optimal_rate(welfare / share_or_one, pareto, elasticity, lowest_rate)


def histogram_schedule(
    incomes: Tensor,
    thresholds: Tensor,
    elasticity: float,
    welfare_weights: Tensor | None = None,
    bins: int = 100,
    highest_rate: float = 1.0,
    lowest_rate: float = 0.0,
) -> Tensor:
    """Return optimal bracket rates ``[K]`` float64, with a histogram of incomes: the AI Economist's baseline.

    Bins of equal width cover incomes from zero to the top threshold, and an open bin the incomes above. Rates of empty
    bins are interpolated, starting from zero below the first bin; the rate of a bracket is the average over its bins.
    If the open bin is empty, the top rate is ``highest_rate``, as published; :func:`kernel_schedule` avoids this.

    Args:
        incomes: ``[N]``, coin; negative incomes have the welfare weight of zero income.
        thresholds: ``[K]``, coin, two or more, starting at zero.
        elasticity: of income with respect to the net-of-tax rate.
        welfare_weights: ``[N]``, social marginal welfare weights on any scale; if not given, they are proportional to
            ``1 / max(income, 1)``, at the centre of the bin of each income, as published.
        bins: number of bins of equal width.
        highest_rate: upper limit of all rates.
        lowest_rate: lower limit of all rates, zero or negative.

    Source: Zheng et al. 2022, "The AI Economist", code release 1.7.1.
    """
    income, start = incomes.double(), thresholds.double()
    edges = torch.linspace(0.0, float(start[-1]), bins + 1, dtype=torch.float64)
    centre = 0.5 * (edges[:-1] + edges[1:])
    # Slot 0 contains incomes below zero, slots 1 to ``bins`` the histogram, the last slot incomes above it.
    slot = torch.searchsorted(edges, income, right=True).clamp(max=bins)
    slot = torch.where(income > edges[-1], bins + 1, slot)
    if welfare_weights is None:
        rounded = torch.where((slot > 0) & (slot <= bins), centre[(slot - 1).clamp(0, bins - 1)], income)
        weight = inverse_income_weights(rounded)
    else:
        weight = welfare_weights.double() / welfare_weights.double().sum()
    share = slot.bincount(minlength=bins + 2)[1:].double() / len(income)
    welfare = slot.bincount(weight, minlength=bins + 2)[1:]
    share_above, welfare_above = _sum_from_above(share), _sum_from_above(welfare)
    at_edge = welfare_above / torch.where(share_above > 0, share_above, 1.0)
    above_centre = torch.cat([0.5 * (at_edge[:-1] + at_edge[1:]), at_edge[-1:]])
    beyond_centre = torch.where(share[:-1] > 0, share_above[:-1] - 0.5 * share[:-1], 1.0)
    pareto = torch.cat([centre * share[:-1] / (edges[1] * beyond_centre), _tail(income, edges[-1])])
    rate = _interpolate(optimal_rate(above_centre, pareto, elasticity, lowest_rate), share > 0)
    return project(edges, rate, start).clamp(max=highest_rate)


def estimate_elasticity(incomes: Tensor, marginal_rates: Tensor, confidence: float = 0.95) -> Elasticity:
    """Estimate the elasticity of income with respect to the net-of-tax rate.

    The estimate is the least-squares slope of ``log z`` on ``log(1 - rate)``.

    Args:
        incomes: ``[M]``, any unit; observations without positive income are omitted.
        marginal_rates: ``[M]``; observations with a rate of one are omitted.
        confidence: confidence level of the interval, from Student's t with independent errors of equal variance.

    Raises:
        UserError: fewer than ten observations remain, or their rates hardly differ.
    """
    from scipy.special import stdtrit

    kept = (incomes > 0) & (marginal_rates < 1)
    outcome, rate = incomes[kept].double().log(), marginal_rates[kept].double()
    count = len(rate)
    if count < FEWEST_SAMPLES or float(rate.std()) < LEAST_VARIATION:
        raise UserError(
            f"elasticity: expected at least {FEWEST_SAMPLES} observations with positive income and different marginal"
            f" tax rates, found {count}"
        )
    regressor = torch.log1p(-rate)
    centred = regressor - regressor.mean()
    slope = (centred * outcome).sum() / centred.square().sum()
    residual = outcome - outcome.mean() - slope * centred
    error = float((residual.square().sum() / (count - 2) / centred.square().sum()).sqrt())
    margin = float(stdtrit(count - 2, 0.5 + 0.5 * confidence)) * error
    return Elasticity(float(slope), float(slope) - margin, float(slope) + margin, count)


def _density(points: Tensor, income: Tensor, mass: Tensor) -> Tensor:
    """Return the Gaussian kernel density ``[K]`` with Scott's bandwidth, as in ``scipy.stats.gaussian_kde``."""
    concentration = mass.square().sum()
    variance = (mass * (income - mass @ income).square()).sum() / (1.0 - concentration).clamp(min=ROUNDING)
    bandwidth = concentration**0.2 * variance.sqrt()
    # Equal incomes have no density; a narrow kernel keeps the formula finite.
    bandwidth = bandwidth.clamp(min=ROUNDING * float(income.abs().max().clamp(min=1.0)))
    kernel = (-0.5 * ((points[:, None] - income) / bandwidth).square()).exp()
    return kernel @ mass / (bandwidth * math.sqrt(2.0 * math.pi))


def _sum_from_above(values: Tensor) -> Tensor:
    return values.flip(0).cumsum(0).flip(0)


def _tail(income: Tensor, cutoff: Tensor) -> Tensor:
    """Return the Pareto parameter ``m / (m - cutoff)`` of incomes above ``cutoff``, ``[1]``; zero if there are none."""
    above = income[income > cutoff]
    return (above.mean() / (above.mean() - cutoff))[None] if len(above) else torch.zeros(1, dtype=torch.float64)


def _interpolate(rates: Tensor, known: Tensor) -> Tensor:
    """Interpolate rates linearly between known bins, from zero below the first bin; the last bin is known."""
    known = known.clone()
    known[-1] = True
    bins = np.arange(len(rates))
    anchors = np.concatenate([[-1], bins[known.numpy()]])
    return torch.as_tensor(np.interp(bins, anchors, np.concatenate([[0.0], rates.numpy()[known.numpy()]])))
