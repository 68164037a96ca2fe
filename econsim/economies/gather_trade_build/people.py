"""Classes of workers: skills, preferences, planner and starting region."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.mechanisms.numerics import power
from econsim.parameters import Model

BUILD_SHAPE, GATHER_SHAPE = 4.0, 3.0  # shapes of the published Lomax distributions
QUADRATURE_POINTS = 200_000


class BuildSkill(Model):
    """Building skill: payment per house in multiples of the base payment, from 1 to ``highest_multiple``."""

    kind: Literal["expected_ranks", "pareto", "lognormal", "equal"] = "expected_ranks"
    """``expected_ranks``: expected order statistics, reassigned every episode; ``pareto`` or ``lognormal``: independent
    draws; ``equal``: 1 for all."""
    multiples: tuple[Annotated[float, Field(ge=0)], ...] | None = None
    """Multiples to assign instead, one per worker of the class."""


GatherBonus = Literal["pareto", "lognormal"] | Annotated[float, Field(ge=0, le=1)]


class Region(Model):
    """Rectangle of the map; rows count from the top and columns from the left, from 0, both ends included."""

    rows: tuple[int, int] | None = None
    """First and last row; null: all."""
    columns: tuple[int, int] | None = None
    """First and last column; null: all."""


class WorkerClass(Model):
    """Class of workers: a role with its own skills, preferences, planner and agents."""

    name: str = Field("worker", pattern=r"^[a-z][a-z0-9_]*$")
    """Name of the role."""
    count: int = Field(4, ge=1, le=10_000)
    """Number of workers."""
    build_skill: BuildSkill | None = None
    """Building skill; null, here and in the fields below: the economy's value."""
    gather_bonus: GatherBonus | None = None
    """Probability of a second unit when collecting."""
    labour_cost: float | None = Field(None, ge=0)
    """Cost of a unit of labour, in utility."""
    risk_aversion: float | None = Field(None, ge=0)
    """Coefficient of relative risk aversion (eta); 1 is logarithmic. From 1 on, less than one coin counts as one."""
    starting_coin: float | None = Field(None, ge=0)
    """Coin at the start of an episode."""
    planner: str | None = None
    """Planner that taxes this class; null: the first planner."""
    region: Region | None = None
    """Region where the class starts, on random free tiles; null: according to ``starts``."""


@dataclass(frozen=True)
class Group:
    """Class of workers with all parameters resolved, and the index of its first worker."""

    name: str
    first: int
    count: int
    build_skill: BuildSkill
    gather_bonus: GatherBonus
    labour_cost: float
    risk_aversion: float
    starting_coin: float
    planner: str
    region: Region | None

    @property
    def members(self) -> slice:
        """Slice of the class on an axis of all workers."""
        return slice(self.first, self.first + self.count)


def build_multiples(skill: BuildSkill, key: Tensor, count: int, highest: float, stream: str) -> Tensor:
    """Return skill multiples ``[B, count]`` float64, ascending if they are assigned by rank.

    ``min(m, 1 + (m - 1) x)`` with ``x`` Lomax(4) or LogNormal(-1, 0.5), as in the AI Economist.
    """
    if skill.multiples is not None:
        ranked = torch.tensor(sorted(skill.multiples), dtype=torch.float64, device=key.device)
        return ranked.expand(key.shape[0], -1)
    match skill.kind:
        case "equal":
            return torch.ones((key.shape[0], count), dtype=torch.float64, device=key.device)
        case "expected_ranks":
            return expected_ranks(count, highest).to(key.device).expand(key.shape[0], -1)
        case "pareto":
            draw = _lomax(random.uniform(key, 0, stream, (count,), torch.float64), BUILD_SHAPE)
        case "lognormal":
            draw = (random.normal(key, 0, stream, (count,), torch.float64) * 0.5 - 1.0).exp()
    return _multiple(draw, highest)


def gather_bonuses(bonus: str | float, key: Tensor, count: int, stream: str) -> Tensor:
    """Return probabilities of a second unit, ``[B, count]`` float64: ``min(2, x) / 2`` for draws ``x``, or as given."""
    if not isinstance(bonus, str):
        return torch.full((key.shape[0], count), bonus, dtype=torch.float64, device=key.device)
    if bonus == "pareto":
        draw = _lomax(random.uniform(key, 0, stream, (count,), torch.float64), GATHER_SHAPE)
    else:
        draw = (random.normal(key, 0, stream, (count,), torch.float64) * 0.938 - 2.022).exp()
    return draw.clamp(max=2.0) / 2.0


@cache
def expected_ranks(count: int, highest: float) -> Tensor:
    """Return the expected order statistics of ``count`` multiples, ``[count]`` float64, ascending.

    ``E x_(i) = int Q(u) beta(u; i, n - i + 1) du`` with the quantile function ``Q``, by the midpoint rule.
    """
    point = (torch.arange(QUADRATURE_POINTS, dtype=torch.float64) + 0.5) / QUADRATURE_POINTS
    quantile = _multiple(_lomax(point, BUILD_SHAPE), highest)
    rank = torch.arange(1, count + 1, dtype=torch.float64)[:, None]
    above = count - rank
    orderings = math.lgamma(count + 1) - torch.lgamma(rank) - torch.lgamma(above + 1)
    density = (orderings + (rank - 1) * point.log() + above * torch.log1p(-point)).exp()
    return (density * quantile).mean(1)


def _lomax(uniform: Tensor, shape: float) -> Tensor:
    return power(1.0 - uniform, -1.0 / shape) - 1.0


def _multiple(draw: Tensor, highest: float) -> Tensor:
    return (1.0 + (highest - 1.0) * draw).clamp(max=highest)
