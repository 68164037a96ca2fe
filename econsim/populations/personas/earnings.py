"""Joint distribution of earnings and personal attributes: the earnings ranks of people in each cell.

The latent earnings score of a person is ``x = effect(age, sex) + effect(sex, education) + effect(sex, occupation) + e``
with a standard normal ``e``. The person's rank among all people is ``F(x)``, where ``F`` is the distribution function
of the mixture over cells, and income is the quantile of the population's income distribution at that rank. Incomes thus
follow that distribution exactly; only the assignment of people to ranks is modelled.

The effects are fitted to published medians, converted to ranks with one distribution, W-2 wages of 2019: annual wages
by age and sex; annual earnings by education within each sex, ages 25 and over; earnings of full-time workers by
occupation within each sex. Only ratios of medians are used, because the tables refer to different years and groups of
people.
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
TOLERANCE = 1e-4  # in standard deviations of the score within a cell
BISECTIONS = 45
_POINTS = 501
_REACH = 6.0  # range of the grid beyond the outermost cells, in standard deviations


@dataclass(frozen=True)
class Medians:
    """Published medians of groups of cells.

    group: ``[C]`` int64, the group of each cell.
    counted: ``[C]`` bool, whether the table covers the cell.
    log: ``[G]``, the logarithm of the median in US dollars per year.
    family: ``[G]`` int64, the family of each group; ratios of medians are compared within families.
    """

    name: str
    group: Tensor
    counted: Tensor
    log: Tensor
    family: Tensor


@dataclass(frozen=True)
class Standing:
    """Mixture of scores: masses and mean scores (positions) of cells, ``[C]`` each, float64."""

    mass: Tensor
    position: Tensor

    def rank(self, x: Tensor) -> Tensor:
        """Return the share of people with scores below ``x``, any shape."""
        return _below(x[..., None] - self.position) @ self.mass

    def at_rank(self, rank: Tensor) -> Tensor:
        """Return the quantiles of the score at ``rank`` in (0, 1), any shape; accurate to about 1e-5."""
        return interpolated(rank, self.rank(self.grid), self.grid)

    def cell_at(self, x: Tensor, draw: Tensor) -> Tensor:
        """Return a cell for people with scores ``x``, drawn with uniform numbers ``draw``; int64, same shape."""
        nearest = ((x - self.grid[0]) / (self.grid[1] - self.grid[0])).round().clamp(0, _POINTS - 1)
        # One search for all people: the cumulative probabilities of cells at grid point p lie in [p, p + 1].
        entry = torch.searchsorted(self._cumulated, nearest + draw, right=True)
        return (entry - nearest.long() * len(self.mass)).clamp(0, len(self.mass) - 1)

    def quantiles(self, group: Tensor, counted: Tensor, count: int, level: float) -> Tensor:
        """Return the quantile of the score at ``level`` within each of ``count`` groups of cells, ``[G]``."""
        low, high = (torch.full((count,), end, dtype=torch.float64) for end in self._range())
        mass = self.mass * counted
        target = level * _sums(mass, group, count)
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            below = _sums(mass * _below(middle[group] - self.position), group, count) < target
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return 0.5 * (low + high)

    @cached_property
    def grid(self) -> Tensor:
        """Evenly spaced grid ``[P]`` that covers the scores of all people."""
        return torch.linspace(*self._range(), _POINTS, dtype=torch.float64)

    @cached_property
    def _cumulated(self) -> Tensor:
        """Cumulative probabilities of cells at each grid point, plus the index of the point, ``[P * C]``."""
        logs = self.mass.log() - 0.5 * (self.grid[:, None] - self.position) ** 2
        return (logs.softmax(-1).cumsum(-1) + torch.arange(_POINTS)[:, None]).flatten()

    def _range(self) -> tuple[float, float]:
        return float(self.position.min()) - _REACH, float(self.position.max()) + _REACH


@cache
def standing() -> Standing:
    """Return the fitted mixture.

    Raises:
        EconsimError: the iteration does not converge to the published medians.
    """
    cells = joint()
    targets = medians(tables(), cells)
    position = torch.zeros_like(cells.mass)
    for _ in range(SWEEPS):
        before = position
        for target in targets:
            position = position + _change(target, Standing(cells.mass, position))[target.group]
        if float((position - before).abs().max()) < TOLERANCE:
            return Standing(cells.mass, position)
    raise EconsimError(f"personas: the fit to published median earnings did not converge within {SWEEPS} sweeps")


def medians(known: Tables, cells: Joint) -> list[Medians]:
    """Return the published medians to which the effects are fitted."""
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
    """Return the distribution that converts published medians to ranks: W-2 wages of 2019."""
    return QuantileTable(Parameters())


def _change(target: Medians, mixture: Standing) -> Tensor:
    """Return the change of each group's position that matches its published median, ``[G]``."""
    count = len(target.log)
    current = mixture.quantiles(target.group, target.counted, count, 0.5)
    people = _sums(mixture.mass * target.counted, target.group, count)
    excess = people * (wages().quantile(mixture.rank(current)).log() - target.log)
    level = _sums(excess, target.family, count) / _sums(people, target.family, count)
    desired = target.log + level[target.family]
    return mixture.at_rank(level_of(wages().quantile, desired.exp())) - current


def _sums(values: Tensor, group: Tensor, count: int) -> Tensor:
    return torch.zeros(count, dtype=torch.float64).index_add(0, group, values)


def _below(x: Tensor) -> Tensor:
    """Return the standard normal distribution function; faster than ``ndtr``, but less accurate in the tails."""
    return 0.5 + 0.5 * torch.erf(x * math.sqrt(0.5))
