"""Joint distribution of age, sex, education and occupation of US workers, fitted to published margins.

The following margins hold exactly: occupation by sex; education within each broad occupation, ages 25 and over; age
within each sex. All other dependence comes from the seed: residents by age, sex and education, times labour-force
participation by sex and education, times workers by occupation and sex, times the association between education and
occupation. Assumptions: conditional on sex and education, participation does not vary with age between 18 and 64;
conditional on sex and education, age and occupation are independent; within a broad occupation, a person without the
required education of a job is ``SHORTFALL`` times as likely to hold it as a person with that education.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from econsim.populations.personas.census_tables import AGES, EDUCATIONS, SEXES, Tables, tables
from econsim.populations.personas.raking import Margin, rake

__all__ = ["Joint", "joint", "margins"]

SHORTFALL = 0.25


@dataclass(frozen=True)
class Joint:
    """Cells ``[C]``: masses (float64, sum of one) and the indices of age band, sex, education and occupation."""

    mass: Tensor
    age: Tensor
    sex: Tensor
    education: Tensor
    occupation: Tensor


@cache
def joint() -> Joint:
    """Return the fitted distribution."""
    known = tables()
    shape = (len(AGES), len(SEXES), len(EDUCATIONS), len(known.occupations))
    index = [axis.flatten() for axis in torch.meshgrid(*map(torch.arange, shape), indexing="ij")]
    cells = Joint(torch.ones_like(index[0], dtype=torch.float64), *index)
    mass = rake(_seed(known, cells), margins(known, cells))
    return Joint(mass, *index)


def margins(known: Tables, cells: Joint) -> list[Margin]:
    """Return the margins to which the distribution is fitted."""
    jobs, levels, ages = len(known.occupations), len(EDUCATIONS), len(AGES)
    adult = cells.age > 0  # the education table covers ages 25 and over
    by_age = known.residents.sum(-1).T  # [S, A]
    attainment = known.broad_of[cells.occupation] * levels + cells.education
    return [
        _margin("occupation by sex", cells.sex * jobs + cells.occupation, known.workers.flatten(), len(SEXES) * jobs),
        _margin(
            "education within broad occupation, 25 and over",
            torch.where(adult, attainment, torch.full_like(attainment, -1)),
            known.attainment.flatten(),
            levels,
        ),
        _margin("age within sex", cells.sex * ages + cells.age, by_age.flatten(), ages),
    ]


def _margin(name: str, group: Tensor, figures: Tensor, family_size: int) -> Margin:
    family = torch.arange(len(figures)) // family_size
    sums = torch.zeros_like(figures).index_add(0, family, figures)
    return Margin(name, group, figures / sums[family], family)


def _seed(known: Tables, cells: Joint) -> Tensor:
    """Return the cell masses before fitting, ``[C]``."""
    people = known.residents[cells.age, cells.sex, cells.education]
    working = known.participation[cells.sex, cells.education]
    return (
        people
        * working
        * known.workers[cells.sex, cells.occupation]
        * _fit_for_job(known)[cells.occupation, cells.education]
    )


def _fit_for_job(known: Tables) -> Tensor:
    """Return the relative likelihood of each education in each occupation, ``[O, E]``."""
    average = known.attainment.mean(0)
    lift = known.attainment / average
    levels = torch.arange(len(EDUCATIONS))
    qualified = torch.where(levels[:, None] >= levels[None, :], 1.0, SHORTFALL).double()  # attained, required
    return lift[known.broad_of] * (known.entry @ qualified.T)
