r"""Equations of the pandemic and the economy in the states, as pure functions on float64 tensors.

Axes: ``B`` environment copies, ``N`` states, ``K`` filters of unemployment. People are counted in persons, money in US
dollars; a step is a day. Source of all equations: Trott et al. (2021), as the published program computes them.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from econsim.mechanisms.numerics import power

__all__ = [
    "DAYS_A_YEAR",
    "SubsidyRule",
    "active_output",
    "economic_index",
    "excess_unemployment",
    "filtered",
    "filters_of",
    "health_index",
    "infection_rate",
    "normalised",
    "scaled_odds",
    "spread",
]

DAYS_A_YEAR = 365
SMALLEST_RANGE = 1e-10  # added to the range of an index, as published, since indices may be constant
LOWEST_SHARE, HIGHEST_SHARE = 0.1, 3.0  # of annual output, between which utility is computed


class SubsidyRule(NamedTuple):
    """What a federal level means: ``level / levels`` of ``most`` US dollars per person and year."""

    levels: int
    most: float

    def per_person(self, level: Tensor) -> Tensor:
        """Return the subsidy per person and day of levels of any shape."""
        return level.double() / self.levels * self.most / DAYS_A_YEAR


def infection_rate(intercept: Tensor, slope: Tensor, level: Tensor) -> Tensor:
    r"""Return $\beta = a + b s$, infections per infected person and day among a susceptible population."""
    return intercept + slope * level


def spread(
    susceptible: Tensor, infected: Tensor, population: Tensor, rate: Tensor, vaccines: Tensor, recovery: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Return newly infected, newly recovered (with the dead) and newly vaccinated people of a day.

    With $V = \min(\text{vaccines}, S)$ and $v = \min(1, \text{vaccines} / S)$, $\beta S I / N (1 - v)$ people are
    infected, $\gamma I$ recover and $V$ are vaccinated, who count as recovered as well.

    Args:
        susceptible: $S$ at the start of the day.
        infected: $I$.
        population: $N$, the living and the dead.
        rate: $\beta$.
        vaccines: doses of the day.
        recovery: $\gamma$, the share of the infected that recovers (or dies) in a day.
    """
    vaccinated = torch.minimum(vaccines, susceptible)
    # (1 - v) S is S less the vaccinated, which also holds where nobody is susceptible.
    new_infected = rate * (susceptible - vaccinated) * infected / population
    return new_infected, recovery * infected, vaccinated


def filters_of(changes: Tensor, decay_days: Tensor) -> Tensor:
    r"""Return $\sum_s \Delta_{t-s} e^{-s / \lambda_k}$, ``[N, K]``, for changes ``[W, N]``, oldest first."""
    age = torch.arange(len(changes) - 1, -1, -1, dtype=torch.float64, device=changes.device)
    weights = (-age[:, None] / decay_days).exp()  # [W, K]
    return torch.einsum("wn,wk->nk", changes.double(), weights)


def filtered(filters: Tensor, newest: Tensor, oldest: Tensor, decay_days: Tensor, window: int) -> Tensor:
    r"""Return :func:`filters_of` a day later, ``[B, N, K]``.

    The sum over the last ``window`` days decays by a day, gains the newest change and loses the one that leaves.

    Args:
        filters: ``[B, N, K]``, of the day before.
        newest: change of stringency today, ``[B, N]``.
        oldest: change of stringency ``window`` days ago, ``[B, N]``.
        decay_days: $\lambda$, ``[K]``.
        window: number of days.
    """
    day, whole = (-1.0 / decay_days).exp(), (-float(window) / decay_days).exp()
    return filters * day + newest[..., None] - oldest[..., None] * whole


def excess_unemployment(filters: Tensor, weights: Tensor) -> Tensor:
    r"""Return $\log(1 + \exp(\sum_k w_k f_k))$, unemployment above the baseline in per cent of the population."""
    response = (filters * weights).sum(-1)
    # log1p and exp round an element alike at every position of a batch, torch.nn.functional.softplus does not.
    return response.clamp(min=0.0) + torch.log1p((-response.abs()).exp())


def active_output(
    population: Tensor, infected: Tensor, dead: Tensor, unemployed: Tensor, working_age: Tensor, sick: Tensor
) -> Tensor:
    r"""Return the number of people who work, $\max(0, w N - w (\sigma I + D) - U)$.

    Args:
        population: $N$.
        infected: $I$.
        dead: $D$.
        unemployed: $U$.
        working_age: $w$, the share of the population of working age.
        sick: $\sigma$, the share of the infected who are too sick to work.
    """
    return (working_age * (population - sick * infected - dead) - unemployed).clamp(min=0.0)


def health_index(new_deaths: Tensor, value_of_life: Tensor, annual_output: Tensor) -> Tensor:
    """Return minus the value of the lives lost in a day, as a share of annual output without a pandemic."""
    return -new_deaths * value_of_life / annual_output


def economic_index(day_output: Tensor, annual_output: Tensor, risk_aversion: Tensor) -> Tensor:
    r"""Return the utility of a day's output, $(1 + (x^{1 - \eta} - 1) / (1 - \eta)) / 365$, or its limit at one.

    $x$ is the output of a year of such days as a share of ``annual_output``, clipped to [0.1, 3].
    """
    share = (DAYS_A_YEAR * day_output / annual_output).clamp(LOWEST_SHARE, HIGHEST_SHARE)
    distance = (1.0 - risk_aversion).expand_as(share)
    is_log = distance.abs() < 1e-9
    safe = torch.where(is_log, 1.0, distance)
    utility = torch.where(is_log, share.log(), (power(share, safe) - 1.0) / safe)
    return (1.0 + utility) / DAYS_A_YEAR


def normalised(index: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return an index on the scale on which ``low`` is zero and ``high`` is one; zero where both are the same."""
    return (index - low) / (high - low + SMALLEST_RANGE)


def scaled_odds(weight: Tensor, factor: Tensor) -> Tensor:
    r"""Return the weight whose odds $\alpha / (1 - \alpha)$ are ``factor`` times as large; one stays one."""
    return factor * weight / (1.0 - weight + factor * weight)
