"""Published US tables from which personas are constructed, as tensors on a common grid of cells.

A cell is a combination of age band, sex, education and occupation. The first lines of each file in
``econsim/populations/data`` state its publisher, table and year; ``docs/personas.md`` lists the tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import torch
from torch import Tensor

from econsim.storage.csv_reader import read_csv

__all__ = ["AGES", "EDUCATIONS", "SEXES", "Tables", "rows", "tables"]

AGES = ((18, 24), (25, 34), (35, 44), (45, 64))
"""First and last year of each age band."""
SEXES = ("women", "men")
EDUCATIONS = (
    "less_than_high_school",
    "high_school",
    "some_college_or_associate",
    "bachelor",
    "graduate_or_professional",
)
_BANDS_OF_WAGES = (("16_to_24",), ("25_to_34",), ("35_to_44",), ("45_to_54", "55_to_64"))
_LEVEL_OF_PARTICIPATION = (*EDUCATIONS[:3], "bachelor_or_higher", "bachelor_or_higher")


@dataclass(frozen=True)
class Tables:
    """Published figures, float64, with axes ``A`` age, ``S`` sex, ``E`` education, ``O`` occupation, ``G`` broad group.

    occupations: names of the occupations, in the order of axis ``O``.
    broad: names of the broad groups of occupations, in the order of axis ``G``.
    residents: ``[A, S, E]``, number of persons.
    participation: ``[S, E]``, labour-force participation as a fraction of residents.
    workers: ``[S, O]``, number of persons.
    broad_of: ``[O]`` int64, the broad group of each occupation.
    attainment: ``[G, E]``, shares of workers by education.
    entry: ``[O, E]``, shares of jobs by required education.
    occupation_median: ``[S, O]``, median earnings in US dollars per year.
    education_median: ``[S, E]``, median earnings in US dollars per year.
    wages: ``{level: [A, S]}``, quantiles of wages in US dollars per year.
    employed: ``[S, 4]``, number of persons by education, with the two highest levels combined.
    """

    occupations: tuple[str, ...]
    broad: tuple[str, ...]
    residents: Tensor
    participation: Tensor
    workers: Tensor
    broad_of: Tensor
    attainment: Tensor
    entry: Tensor
    occupation_median: Tensor
    education_median: Tensor
    wages: dict[float, Tensor]
    employed: Tensor


@cache
def tables() -> Tables:
    """Return the tables that are distributed with econsim."""
    jobs, attained = rows("us_occupations_by_sex_2018.csv"), rows("us_education_by_occupation_2017.csv")
    working = _by(rows("us_participation_by_sex_education_2024.csv"), "sex", "education")
    earned = _by(rows("us_earnings_by_sex_education_2018.csv"), "sex", "education")
    broad = tuple(row["broad"] for row in attained)
    levels = tuple(dict.fromkeys(_LEVEL_OF_PARTICIPATION))
    return Tables(
        occupations=tuple(row["occupation"] for row in jobs),
        broad=broad,
        residents=_residents(),
        participation=_grid(
            [working[sex, level]["participation_percent"] for level in _LEVEL_OF_PARTICIPATION] for sex in SEXES
        )
        / 100,
        workers=_grid([row[sex] for row in jobs] for sex in SEXES),
        broad_of=torch.tensor([broad.index(row["broad"]) for row in jobs]),
        attainment=_shares(_grid([row[level] for level in EDUCATIONS] for row in attained)),
        entry=_shares(_grid([row[f"entry_{level}"] for level in EDUCATIONS] for row in jobs)),
        occupation_median=_grid([row[f"median_{sex}_usd"] for row in jobs] for sex in SEXES),
        education_median=_grid([earned[sex, level]["median_usd"] for level in EDUCATIONS] for sex in SEXES),
        wages=_wages(),
        employed=_grid([working[sex, level]["employed_thousands"] for level in levels] for sex in SEXES) * 1000,
    )


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table in ``econsim/populations/data``."""
    return list(read_csv(files("econsim.populations").joinpath("data", name), "population").rows())


def _by(table: list[dict[str, str]], *columns: str) -> dict[tuple[str, ...], dict[str, str]]:
    return {tuple(row[column] for column in columns): row for row in table}


def _grid(lines: Iterable[Iterable[str]]) -> Tensor:
    return torch.tensor([[float(cell) for cell in line] for line in lines], dtype=torch.float64)


def _shares(table: Tensor) -> Tensor:
    return table / table.sum(-1, keepdim=True)  # published percentages are rounded to one decimal


def _residents() -> Tensor:
    counted = _by(rows("us_residents_by_age_sex_education_2018.csv"), "age", "sex")
    bands = [f"{first}_to_{last}" for first, last in AGES]
    return torch.stack([_grid([counted[band, sex][level] for level in EDUCATIONS] for sex in SEXES) for band in bands])


def _wages() -> dict[float, Tensor]:
    """Return quantiles by age and sex; for a band published in two parts, their geometric mean."""
    published = _by(rows("us_w2_wages_by_age_sex_2019.csv"), "age", "sex")
    return {
        level / 100: torch.stack(
            [
                _grid([published[band, sex][f"p{level}"] for sex in SEXES] for band in bands).log().mean(0).exp()
                for bands in _BANDS_OF_WAGES
            ]
        )
        for level in (10, 25, 50, 75, 90, 95)
    }
