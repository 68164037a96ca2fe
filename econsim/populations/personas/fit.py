"""How well the joint distribution agrees with the published tables, those it was fitted to and those it never saw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from econsim.populations.personas.census_tables import AGES, EDUCATIONS, SEXES, tables
from econsim.populations.personas.earnings import medians, standing, wages
from econsim.populations.personas.joint import joint, margins

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Line", "fit_table", "lines"]


class Line(NamedTuple):
    """One published figure and ours: a share in [0, 1], or a ratio to the median of all in its family.

    ``used``: the distribution was fitted to it; otherwise it is a check.
    """

    table: str
    group: str
    used: bool
    published: float
    fitted: float


def fit_table() -> pd.DataFrame:
    """Return all figures, one a row: ``table``, ``group``, ``used``, ``published``, ``fitted`` and their ``error``."""
    import pandas as pd

    table = pd.DataFrame(lines())
    return table.assign(error=table["fitted"] - table["published"])


def lines() -> list[Line]:
    """Return all figures."""
    return [*_shares(), *_education_by_sex(), *_medians(), *_quantiles()]


def _shares() -> Iterator[Line]:
    known, cells = tables(), joint()
    jobs = [f"{sex}, {job}" for sex in SEXES for job in known.occupations]
    attained = [f"{broad}, {level}" for broad in known.broad for level in EDUCATIONS]
    ages = [f"{sex}, {age}" for sex in SEXES for age in _bands()]
    for margin, groups in zip(margins(known, cells), (jobs, attained, ages), strict=True):
        for group, share, fitted in zip(groups, margin.share.tolist(), margin.fitted(cells.mass).tolist(), strict=True):
            yield Line(margin.name, group, True, share, fitted)


def _education_by_sex() -> Iterator[Line]:
    """Yield education within sex of those aged 25 and over in work, of another year: the highest two levels as one."""
    known, cells = tables(), joint()
    levels = known.employed.shape[1]
    place = cells.sex * levels + cells.education.clamp(max=levels - 1)
    mass = torch.zeros(len(SEXES) * levels, dtype=torch.float64).index_add(0, place, cells.mass * (cells.age > 0))
    for sex, published, fitted in zip(SEXES, _within(known.employed), _within(mass.reshape(-1, levels)), strict=True):
        for level, share, found in zip((*EDUCATIONS[:3], "bachelor_or_higher"), published, fitted, strict=True):
            yield Line("education within sex, 25 and over, 2024", f"{sex}, {level}", False, share, found)


def _within(table: Tensor) -> list[list[float]]:
    found: list[list[float]] = (table / table.sum(-1, keepdim=True)).tolist()
    return found


def _medians() -> Iterator[Line]:
    """Yield medians in units of the geometric mean of their family."""
    known, mixture = tables(), standing()
    groups = (
        [f"{sex}, {age}" for age in _bands() for sex in SEXES],
        [f"{sex}, {level}" for sex in SEXES for level in EDUCATIONS],
        [f"{sex}, {job}" for sex in SEXES for job in known.occupations],
    )
    for part, names in zip(medians(known, joint()), groups, strict=True):
        fitted = wages().quantile(mixture.rank(mixture.quantiles(part.group, part.counted, len(names), 0.5))).log()
        ours, theirs = (_relative(values, part.family) for values in (fitted, part.log))
        for name, published, found in zip(names, theirs, ours, strict=True):
            yield Line(part.name, name, True, published, found)


def _relative(logs: Tensor, family: Tensor) -> list[float]:
    sums = torch.zeros(int(family.max()) + 1, dtype=torch.float64).index_add(0, family, logs)
    found: list[float] = (logs - (sums / family.bincount())[family]).exp().tolist()
    return found


def _quantiles() -> Iterator[Line]:
    """Yield quantiles of wages by age and sex in units of the group's median."""
    known, mixture = tables(), standing()
    part = medians(known, joint())[0]
    names = [f"{sex}, {age}" for age in _bands() for sex in SEXES]
    found = {
        level: wages().quantile(mixture.rank(mixture.quantiles(part.group, part.counted, len(names), level)))
        for level in known.wages
    }
    for level in (level for level in known.wages if level != 0.5):
        ours, theirs = found[level] / found[0.5], (known.wages[level] / known.wages[0.5]).flatten()
        for name, published, fitted in zip(names, theirs.tolist(), ours.tolist(), strict=True):
            yield Line(f"quantile {level:g} of wages over the median", name, False, published, fitted)


def _bands() -> list[str]:
    return [f"{first} to {last}" for first, last in AGES]
