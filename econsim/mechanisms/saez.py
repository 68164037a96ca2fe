"""Optimal income taxes by the formula of Saez (2001), from incomes and the elasticity of taxable income.

At income $z$ the optimal marginal rate is $(1 - G) / (1 - G + a e)$: $G$ is the mean welfare weight of those
above $z$ (one on average over everybody), $a = z f(z) / (1 - F(z))$ the local Pareto parameter, $e$ the
elasticity of income to the net-of-tax rate. Incomes respond to the rates, so that an optimum is a fixed point of these
functions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.mechanisms.taxes import project
from econsim.mechanisms.welfare import inverse_income_weights

FEWEST_SAMPLES = 10
LEAST_VARIATION = 1e-6
ROUNDING = 1e-12
PARETO_WHERE_NOBODY_IS = 10.0


@dataclass(frozen=True)
class Elasticity:
    """An estimated elasticity of income to the net-of-tax rate, its confidence interval and the samples behind it."""

    value: float
    low: float
    high: float
    samples: int


def optimal_rate(welfare_above: Tensor, pareto_parameter: Tensor, elasticity: Tensor | float) -> Tensor:
    """Return $(1 - G) / (1 - G + a e)$, elementwise, in [0, 1].

    Zero where those above have an average welfare weight of one or more ($G$, to within rounding): nothing is gained
    by taking from them. Source: Saez 2001, equations 9 and 15.
    """
    gain = (1.0 - welfare_above).clamp(min=0.0)
    worthless = gain < ROUNDING
    rate = gain / torch.where(worthless, 1.0, gain + pareto_parameter * elasticity)
    return torch.where(worthless, 0.0, rate)


def kernel_schedule(
    incomes: Tensor,
    welfare_weights: Tensor,
    thresholds: Tensor,
    elasticity: float,
    people: Tensor | None = None,
) -> Tensor:
    """Return the formula's bracket rates ``[K]`` float64, with a kernel density of incomes.

    A bracket takes the rate at its midpoint; the top one that at the mean income $m$ above its start $b_K$,
    with $a = m / (m - b_K)$. A bracket that nobody is above takes the formula's rate at $G = 0$ and $a = 10$, as
    published: 20 % at an elasticity of 0.4, low enough for somebody to move there.

    Args:
        incomes: ``[N]``, money.
        welfare_weights: ``[N]``, what society gains from money in each hand, any scale; of all ``people`` that an
            observation stands for together.
        thresholds: ``[K]``, money, the first zero.
        elasticity: of income to the net-of-tax rate.
        people: ``[N]``, how many people each observation stands for; one each when not given.

    Source: the formula as the LLM Economist (2025) applies it to brackets, its top bracket mended.
    """
    income, start = incomes.double(), thresholds.double()
    mass = torch.ones_like(income) if people is None else people.double()
    mass, weight = mass / mass.sum(), welfare_weights.double() / welfare_weights.double().sum()
    in_top = mass * (income > start[-1])
    anyone = in_top.sum() > 0
    top_mean = torch.where(anyone, (in_top * income).sum() / torch.where(anyone, in_top.sum(), 1.0), start[-1])
    point = torch.cat([0.5 * (start[:-1] + start[1:]), top_mean[None]])
    above = (income > point[:, None]).double()
    share, welfare = above @ mass, above @ weight
    identified = torch.cat([share[:-1] > 0, anyone[None]])
    # Only the top bracket can be identified with nobody above its point: a single person in it.
    share_or_one = torch.where(share > 0, share, 1.0)
    hazard = point * _density(point, income, mass) / share_or_one
    tail = top_mean / torch.where(anyone, top_mean - start[-1], 1.0)
    pareto = torch.where(identified, torch.cat([hazard[:-1], tail[None]]), PARETO_WHERE_NOBODY_IS)
    return optimal_rate(welfare / share_or_one, pareto, elasticity)


def histogram_schedule(
    incomes: Tensor,
    thresholds: Tensor,
    elasticity: float,
    inverse_income: bool = True,
    bins: int = 100,
    highest_rate: float = 1.0,
) -> Tensor:
    """Return the formula's bracket rates ``[K]`` float64, with a histogram of incomes: the AI Economist's baseline.

    Equal bins lie between zero and the top threshold, with an open one above. Rates of empty bins are interpolated,
    from zero below the first bin; a bracket takes the average over its bins. With nobody in the open bin the published
    rule, kept here, sets the top rate to ``highest_rate``; :func:`kernel_schedule` does better then.

    Args:
        incomes: ``[N]``, coin; below zero counts with the welfare weight of zero.
        thresholds: ``[K]``, coin, two or more, the first zero.
        elasticity: of income to the net-of-tax rate.
        inverse_income: welfare weights fall with ``1 / max(income, 1)``; otherwise they are equal.
        bins: how many equal bins.
        highest_rate: upper limit of all rates.

    Source: Zheng et al. 2022, "The AI Economist", code release 1.7.1.
    """
    income, start = incomes.double(), thresholds.double()
    edges = torch.linspace(0.0, float(start[-1]), bins + 1, dtype=torch.float64)
    centre = 0.5 * (edges[:-1] + edges[1:])
    # Slot 0 holds incomes below zero, slots 1 .. bins the histogram, the last slot those above.
    slot = torch.searchsorted(edges, income, right=True).clamp(max=bins)
    slot = torch.where(income > edges[-1], bins + 1, slot)
    rounded = torch.where((slot > 0) & (slot <= bins), centre[(slot - 1).clamp(0, bins - 1)], income)
    weight = inverse_income_weights(rounded) if inverse_income else torch.full_like(income, 1.0 / len(income))
    share = slot.bincount(minlength=bins + 2)[1:].double() / len(income)
    welfare = slot.bincount(weight, minlength=bins + 2)[1:]
    share_above, welfare_above = _sum_from_above(share), _sum_from_above(welfare)
    at_edge = welfare_above / torch.where(share_above > 0, share_above, 1.0)
    above_centre = torch.cat([0.5 * (at_edge[:-1] + at_edge[1:]), at_edge[-1:]])
    beyond_centre = torch.where(share[:-1] > 0, share_above[:-1] - 0.5 * share[:-1], 1.0)
    pareto = torch.cat([centre * share[:-1] / (edges[1] * beyond_centre), _tail(income, edges[-1])])
    rate = _interpolate(optimal_rate(above_centre, pareto, elasticity), share > 0)
    return project(edges, rate, start).clamp(max=highest_rate)


def estimate_elasticity(incomes: Tensor, marginal_rates: Tensor, confidence: float = 0.95) -> Elasticity:
    """Estimate the elasticity of income to the net-of-tax rate: least squares of ``log z`` on ``log(1 - rate)``.

    Args:
        incomes: ``[M]``, any unit; observations without positive income are left out.
        marginal_rates: ``[M]``; observations with a rate of one are left out.
        confidence: of the interval, by Student's t with independent errors of equal variance.

    Raises:
        UserError: fewer than ten observations are left, or their rates hardly differ.
    """
    from scipy.special import stdtrit

    kept = (incomes > 0) & (marginal_rates < 1)
    outcome, rate = incomes[kept].double().log(), marginal_rates[kept].double()
    count = len(rate)
    if count < FEWEST_SAMPLES or float(rate.std()) < LEAST_VARIATION:
        raise UserError(
            f"elasticity: cannot be estimated from {count} observations with positive income; at least {FEWEST_SAMPLES}"
            " with different marginal rates are needed"
        )
    regressor = torch.log1p(-rate)
    centred = regressor - regressor.mean()
    slope = (centred * outcome).sum() / centred.square().sum()
    residual = outcome - outcome.mean() - slope * centred
    error = float((residual.square().sum() / (count - 2) / centred.square().sum()).sqrt())
    margin = float(stdtrit(count - 2, 0.5 + 0.5 * confidence)) * error
    return Elasticity(float(slope), float(slope) - margin, float(slope) + margin, count)


def _density(points: Tensor, income: Tensor, mass: Tensor) -> Tensor:
    """Return the Gaussian kernel density ``[K]`` with Scott's bandwidth, as ``scipy.stats.gaussian_kde`` has it."""
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
    """Return the Pareto parameter ``m / (m - cutoff)`` of incomes above, ``[1]``; zero where there are none."""
    above = income[income > cutoff]
    return (above.mean() / (above.mean() - cutoff))[None] if len(above) else torch.zeros(1, dtype=torch.float64)


def _interpolate(rates: Tensor, known: Tensor) -> Tensor:
    """Fill bins between known ones linearly, starting from zero just below the first bin; the last bin is known."""
    known = known.clone()
    known[-1] = True
    at = np.arange(len(rates))
    anchors = np.concatenate([[-1], at[known.numpy()]])
    return torch.as_tensor(np.interp(at, anchors, np.concatenate([[0.0], rates.numpy()[known.numpy()]])))
