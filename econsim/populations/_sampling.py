"""Sampling of people: levels of the cumulative distribution, turned into incomes by a quantile function."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.parameters import Model
from econsim.populations import Sample

Quantile = Callable[[Tensor], Tensor]
SMALLEST_LEVEL = 2.0**-54
BISECTIONS = 60


class Sampling(Model):
    """Parameters of sampling from a distribution."""

    sampling: Literal["random", "stratified"] = "random"
    """``random``: independent draws; ``stratified``: one draw from each of N equally likely strata, in random order."""
    jitter: bool = True
    """Stratified: draw uniformly within each stratum; false: its midpoint, the same in every environment copy."""
    strata: tuple[float, ...] = ()
    """Stratified: incomes that separate strata, each sampled by at least ``least_per_stratum`` weighted people."""
    least_per_stratum: int = Field(1, ge=1)
    """Stratified by income: minimum number of people in each non-empty stratum."""

    @model_validator(mode="after")
    def _check_strata(self) -> Self:
        if self.sampling != "stratified" and self.strata:
            raise ValueError("strata: requires sampling: stratified")
        if any(upper <= lower for lower, upper in pairwise(self.strata)):
            raise ValueError("strata: expected strictly increasing incomes")
        return self


def draw(quantile: Quantile, how: Sampling, key: Tensor, count: int, dtype: torch.dtype) -> Sample:
    """Return a sample of ``count`` people per environment copy, drawn according to ``how``.

    Raises:
        UserError: there are fewer people than the strata require.
    """
    if how.sampling != "stratified":
        levels = random.uniform(key, 0, "population", (count,), torch.float64).clamp(min=SMALLEST_LEVEL)
        return Sample(quantile(levels).to(dtype), torch.ones_like(levels, dtype=dtype))
    starts, widths, weight = _cells(quantile, how, count)
    within = random.uniform(key, 0, "population", (count,), torch.float64) if how.jitter else 0.5
    levels = (starts.to(key.device) + widths.to(key.device) * within).clamp(min=SMALLEST_LEVEL).expand(len(key), count)
    order = random.permutation(key, 0, "population/order", count)
    income, weight = quantile(levels), weight.to(key.device).expand(len(key), count)
    return Sample(income.gather(-1, order).to(dtype), weight.gather(-1, order).to(dtype))


def level_of(quantile: Quantile, income: Tensor) -> Tensor:
    """Return the share of people with incomes below ``income`` (any shape), by bisection of the quantile function."""
    low, high = torch.zeros_like(income), torch.ones_like(income)
    for _ in range(BISECTIONS):
        level = 0.5 * (low + high)
        below = quantile(level) < income
        low, high = torch.where(below, level, low), torch.where(below, high, level)
    return 0.5 * (low + high)


def ranks_of(quantile: Quantile, income: Tensor) -> Tensor:
    """Return mid-ranks of incomes (any shape): the share with less plus half the share with as much, in (0, 1).

    Ranks are interpolated on a grid of 4,001 levels, denser in the tails, since :func:`level_of` is slow for some
    populations.
    """
    levels = torch.special.ndtr(torch.linspace(-6.0, 6.0, 4001, dtype=torch.float64))
    grid, points = quantile(levels).log(), income.double().cpu().log()
    return 0.5 * (interpolated(points, grid, levels) + interpolated(points, grid, levels, right=True))


def interpolated(at: Tensor, known: Tensor, values: Tensor, right: bool = False) -> Tensor:
    """Interpolate ``values`` ``[P]``, given at non-decreasing points ``known`` ``[P]``, linearly; constant outside.

    At repeated points the first value is used, or the last one with ``right``.
    """
    after = torch.searchsorted(known, at.contiguous(), right=right).clamp(1, len(known) - 1)
    gap = (known[after] - known[after - 1]).clamp(min=torch.finfo(torch.float64).tiny)
    share = ((at - known[after - 1]) / gap).clamp(0.0, 1.0)
    return values[after - 1] + share * (values[after] - values[after - 1])


def _cells(quantile: Quantile, how: Sampling, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the start and width of each person's cell of the unit interval, and the person's weight, ``[N]`` each."""
    edges = [0.0, *level_of(quantile, torch.tensor(how.strata, dtype=torch.float64)).tolist(), 1.0]
    # For an income below all others the bisection returns 2^-60; the stratum below it is empty.
    strata = [(low, high - low) for low, high in pairwise(edges) if high - low > 1e-15]
    people = _allocate([share for _, share in strata], count, how.least_per_stratum)
    starts, widths, weights = [], [], []
    for (low, share), number in zip(strata, people, strict=True):
        starts.append(low + share * torch.arange(number, dtype=torch.float64) / number)
        widths.append(torch.full((number,), share / number, dtype=torch.float64))
        weights.append(torch.full((number,), share * count / number, dtype=torch.float64))
    return torch.cat(starts), torch.cat(widths), torch.cat(weights)


def _allocate(shares: list[float], count: int, least: int) -> list[int]:
    """Return the people per stratum: ``least`` each, the others by the largest-remainder method."""
    spare = count - least * len(shares)
    if spare < 0:
        raise UserError(
            f"population: {len(shares)} strata with at least {least} people each require"
            f" at least {least * len(shares)} workers, found {count}"
        )
    exact = [spare * share for share in shares]
    people = [least + int(quota) for quota in exact]
    by_remainder = sorted(range(len(shares)), key=lambda index: int(exact[index]) - exact[index])
    for index in by_remainder[: count - sum(people)]:
        people[index] += 1
    return people
