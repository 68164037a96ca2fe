"""Goodness of fit of the joint distribution: published tables used in the fit, and others as checks."""

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
    """Published and fitted value of one figure: a share in [0, 1], or a ratio to the mean of its family.

    used: whether the distribution was fitted to the figure; otherwise it is a check.
    """

    table: str
    group: str
    used: bool
    published: float
    fitted: float


def fit_table() -> pd.DataFrame:
    """Return all figures, one per row: ``table``, ``group``, ``used``, ``published``, ``fitted`` and ``error``."""
    import pandas as pd

    table = pd.DataFrame(lines())
    return table.assign(error=table["fitted"] - table["published"])


def lines() -> list[Line]:
    """Return all published figures with their fitted values."""
    return [*_shares(), *_education_by_sex(), *_medians(), *_quantiles()]


def _shares() -> Iterator[Line]:
    figures, cells = tables(), joint()
    jobs = [f"{sex}, {job}" for sex in SEXES for job in figures.occupations]
    attained = [f"{broad}, {level}" for broad in figures.broad for level in EDUCATIONS]
    ages = [f"{sex}, {age}" for sex in SEXES for age in _bands()]
    for margin, groups in zip(margins(figures, cells), (jobs, attained, ages), strict=True):
        for group, share, fitted in zip(groups, margin.share.tolist(), margin.fitted(cells.mass).tolist(), strict=True):
            yield Line(margin.name, group, True, share, fitted)


def _education_by_sex() -> Iterator[Line]:
    """Yield education within sex of workers aged 25 and over in another year; the two highest levels are combined."""
    figures, cells = tables(), joint()
    levels = figures.employed.shape[1]
    group = cells.sex * levels + cells.education.clamp(max=levels - 1)
    mass = torch.zeros(len(SEXES) * levels, dtype=torch.float64).index_add(0, group, cells.mass * (cells.age > 0))
    for sex, published, fitted in zip(SEXES, _within(figures.employed), _within(mass.reshape(-1, levels)), strict=True):
        for level, share, value in zip((*EDUCATIONS[:3], "bachelor_or_higher"), published, fitted, strict=True):
            yield Line("education within sex, 25 and over, 2024", f"{sex}, {level}", False, share, value)


def _within(table: Tensor) -> list[list[float]]:
    shares: list[list[float]] = (table / table.sum(-1, keepdim=True)).tolist()
    return shares


def _medians() -> Iterator[Line]:
    """Yield medians relative to the geometric mean of their family."""
    figures, mixture = tables(), standing()
    groups = (
        [f"{sex}, {age}" for age in _bands() for sex in SEXES],
        [f"{sex}, {level}" for sex in SEXES for level in EDUCATIONS],
        [f"{sex}, {job}" for sex in SEXES for job in figures.occupations],
    )
    for target, names in zip(medians(figures, joint()), groups, strict=True):
        fitted = wages().quantile(mixture.rank(mixture.quantiles(target.group, target.counted, len(names), 0.5))).log()
        ours, theirs = (_relative(values, target.family) for values in (fitted, target.log))
        for name, published, value in zip(names, theirs, ours, strict=True):
            yield Line(target.name, name, True, published, value)


def _relative(logs: Tensor, family: Tensor) -> list[float]:
    sums = torch.zeros(int(family.max()) + 1, dtype=torch.float64).index_add(0, family, logs)
    ratios: list[float] = (logs - (sums / family.bincount())[family]).exp().tolist()
    return ratios


def _quantiles() -> Iterator[Line]:
    """Yield quantiles of wages by age and sex relative to the median of the group."""
    figures, mixture = tables(), standing()
    target = medians(figures, joint())[0]
    names = [f"{sex}, {age}" for age in _bands() for sex in SEXES]
    quantiles = {
        level: wages().quantile(mixture.rank(mixture.quantiles(target.group, target.counted, len(names), level)))
        for level in figures.wages
    }
    for level in (level for level in figures.wages if level != 0.5):
        ours, theirs = quantiles[level] / quantiles[0.5], (figures.wages[level] / figures.wages[0.5]).flatten()
        for name, published, fitted in zip(names, theirs.tolist(), ours.tolist(), strict=True):
            yield Line(f"quantile {level:g} of wages over the median", name, False, published, fitted)


def _bands() -> list[str]:
    return [f"{first} to {last}" for first, last in AGES]
