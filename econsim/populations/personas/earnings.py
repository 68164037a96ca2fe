"""Who earns what: where in the distribution of incomes the people of each cell stand.

A person's standing is ``x = effect(age, sex) + effect(sex, education) + effect(sex, occupation) + e`` with a standard
normal ``e``; its rank among all people is ``F(x)``, the distribution function of the mixture over cells, and income is
whatever the population's distribution of income has at that rank. Incomes are therefore distributed exactly as the
population says, and only who stands where is modelled.

The effects are fitted to published medians, all turned into ranks by one distribution, W-2 wages of 2019: annual wages
by age and sex; annual earnings by education within each sex, of those aged 25 and over; earnings of full-time workers
by occupation within each sex. Only the ratios of medians are used, because the tables are of other years and people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property

import torch
from torch import Tensor

from econsim.errors import EconsimError
from econsim.populations._sampling import interpolated, level_of
from econsim.populations.personas.census_tables import EDUCATIONS, SEXES, Tables, tables
from econsim.populations.personas.joint import Joint, joint
from econsim.populations.quantile_table import Parameters, QuantileTable

__all__ = ["Medians", "Standing", "medians", "standing", "wages"]

SWEEPS = 50
TOLERANCE = 1e-4  # standard deviations of the standing within a cell
BISECTIONS = 45
_POINTS = 501
_REACH = 6.0  # standard deviations beyond the outermost cell


@dataclass(frozen=True)
class Medians:
    """Published medians of groups of cells.

    group: ``[C]`` int64, the group of each cell. counted: ``[C]`` bool, whether the table covers it. log: ``[G]``, the
    logarithm of US dollars a year. family: ``[G]``, the medians whose ratios to each other count.
    """

    name: str
    group: Tensor
    counted: Tensor
    log: Tensor
    family: Tensor


@dataclass(frozen=True)
class Standing:
    """The mixture: masses and positions of cells, ``[C]`` each, float64."""

    mass: Tensor
    position: Tensor

    def rank(self, x: Tensor) -> Tensor:
        """Return the share of people below ``x``, any shape."""
        return _below(x[..., None] - self.position) @ self.mass

    def at_rank(self, rank: Tensor) -> Tensor:
        """Return the standing below which the shares ``rank`` in (0, 1) of people are, any shape; to about 1e-5."""
        return interpolated(rank, self.rank(self.grid), self.grid)

    def cell_at(self, x: Tensor, draw: Tensor) -> Tensor:
        """Return a cell for people who stand at ``x``, drawn with uniform numbers ``draw``; int64, any one shape."""
        nearest = ((x - self.grid[0]) / (self.grid[1] - self.grid[0])).round().clamp(0, _POINTS - 1)
        # One search for everybody: the distribution of point p over cells lies in [p, p + 1].
        found = torch.searchsorted(self._cumulated, nearest + draw, right=True)
        return (found - nearest.long() * len(self.mass)).clamp(0, len(self.mass) - 1)

    def quantiles(self, group: Tensor, counted: Tensor, count: int, level: float) -> Tensor:
        """Return the standing below which the share ``level`` of each of ``count`` groups of cells is, ``[G]``."""
        low, high = (torch.full((count,), end, dtype=torch.float64) for end in self._range())
        mass = self.mass * counted
        wanted = level * _sums(mass, group, count)
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            below = _sums(mass * _below(middle[group] - self.position), group, count) < wanted
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return 0.5 * (low + high)

    @cached_property
    def grid(self) -> Tensor:
        """Points that cover everybody, ``[P]``, evenly spaced."""
        return torch.linspace(*self._range(), _POINTS, dtype=torch.float64)

    @cached_property
    def _cumulated(self) -> Tensor:
        """Probabilities of cells at each point of the grid, added up, plus the point's number, ``[P * C]``."""
        logs = self.mass.log() - 0.5 * (self.grid[:, None] - self.position) ** 2
        return (logs.softmax(-1).cumsum(-1) + torch.arange(_POINTS)[:, None]).flatten()

    def _range(self) -> tuple[float, float]:
        return float(self.position.min()) - _REACH, float(self.position.max()) + _REACH


@cache
def standing() -> Standing:
    """Return the fitted mixture.

    Raises:
        EconsimError: the medians cannot be met.
    """
    cells = joint()
    parts = medians(tables(), cells)
    position = torch.zeros_like(cells.mass)
    for _ in range(SWEEPS):
        before = position
        for part in parts:
            position = position + _change(part, Standing(cells.mass, position))[part.group]
        if float((position - before).abs().max()) < TOLERANCE:
            return Standing(cells.mass, position)
    raise EconsimError(f"personas: the published medians of earnings are not met after {SWEEPS} sweeps")


def medians(known: Tables, cells: Joint) -> list[Medians]:
    """Return the published medians that the effects are fitted to."""
    levels, jobs = len(EDUCATIONS), len(known.occupations)
    sexes, everybody = torch.arange(len(SEXES)), torch.ones_like(cells.age, dtype=torch.bool)
    return [
        Medians(
            "annual wages by age and sex",
            cells.age * len(SEXES) + cells.sex,
            everybody,
            known.wages[0.5].flatten().log(),
            torch.zeros(known.wages[0.5].numel(), dtype=torch.int64),
        ),
        Medians(
            "annual earnings by education within sex, 25 and over",
            cells.sex * levels + cells.education,
            cells.age > 0,
            known.education_median.flatten().log(),
            sexes.repeat_interleave(levels),
        ),
        Medians(
            "full-time earnings by occupation within sex",
            cells.sex * jobs + cells.occupation,
            everybody,
            known.occupation_median.flatten().log(),
            sexes.repeat_interleave(jobs),
        ),
    ]


@cache
def wages() -> QuantileTable:
    """Return the distribution that turns published dollars into ranks: W-2 wages of 2019."""
    return QuantileTable(Parameters())


def _change(part: Medians, mixture: Standing) -> Tensor:
    """Return by how much each group has to move for its median to be as published, ``[G]``."""
    count = len(part.log)
    now = mixture.quantiles(part.group, part.counted, count, 0.5)
    people = _sums(mixture.mass * part.counted, part.group, count)
    above = people * (wages().quantile(mixture.rank(now)).log() - part.log)
    level = _sums(above, part.family, count) / _sums(people, part.family, count)
    aim = part.log + level[part.family]
    return mixture.at_rank(level_of(wages().quantile, aim.exp())) - now


def _sums(values: Tensor, group: Tensor, count: int) -> Tensor:
    return torch.zeros(count, dtype=torch.float64).index_add(0, group, values)


def _below(x: Tensor) -> Tensor:
    """Return the standard normal distribution function; several times as fast as ``ndtr`` where tails do not matter."""
    return 0.5 + 0.5 * torch.erf(x * math.sqrt(0.5))
