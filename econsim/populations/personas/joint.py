"""The joint distribution of age, sex, education and occupation of US people in work, fitted to published margins.

Margins that hold exactly: occupation by sex; education within each broad occupation, of those aged 25 and over; age
within each sex. The seed brings what they leave open: education by age and sex among residents, times the
participation of their sex and education, times how education and occupation go together. Assumed: given sex and
education, participation does not vary with age between 18 and 64; given education, sex and occupation, age does not
depend on occupation; within a broad occupation somebody without the education that a job asks for is
``SHORTFALL`` times as likely to hold it as somebody with it.
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
    """Cells and their masses, ``[C]`` each: float64 of sum one; the index of age band, sex, education, occupation."""

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
    """Return the margins that the distribution agrees with."""
    jobs, levels, ages = len(known.occupations), len(EDUCATIONS), len(AGES)
    adult = cells.age > 0  # the table of education begins at 25
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
    """Return cell masses before fitting, ``[C]``."""
    people = known.residents[cells.age, cells.sex, cells.education]
    working = known.participation[cells.sex, cells.education]
    return (
        people
        * working
        * known.workers[cells.sex, cells.occupation]
        * _fit_for_job(known)[cells.occupation, cells.education]
    )


def _fit_for_job(known: Tables) -> Tensor:
    """Return how much likelier than others an education is to hold each job, ``[O, E]``, by broad group and entry."""
    ordinary = known.attainment.mean(0)
    lift = known.attainment / ordinary
    levels = torch.arange(len(EDUCATIONS))
    enough = torch.where(levels[:, None] >= levels[None, :], 1.0, SHORTFALL).double()  # has, is asked for
    return lift[known.broad_of] * (known.entry @ enough.T)
