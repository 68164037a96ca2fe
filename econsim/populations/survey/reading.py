"""Reader of survey microdata, with errors that name the row and the column."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from econsim.errors import UserError, did_you_mean
from econsim.populations.personas.census_tables import EDUCATIONS, SEXES
from econsim.populations.personas.people import UNKNOWN
from econsim.populations.survey.census import (
    NOT_APPLICABLE,
    OCCUPATION_CODES,
    education_of,
    number_of,
    occupation_of,
    sex_of,
)
from econsim.storage.csv_reader import CsvTable, is_blank, read_csv

__all__ = ["Rows", "read"]

_PUMS = {"income": "WAGP", "weight": "PWGTP", "age": "AGEP", "sex": "SEX", "education": "SCHL", "occupation": "OCCP"}
_SEXES = {"woman": 0, "women": 0, "female": 0, "f": 0, "man": 1, "men": 1, "male": 1, "m": 1}
_LONGEST = 80  # maximum number of characters of an occupation, which is used in prompts


@dataclass(frozen=True)
class Rows:
    """People in ascending order of income, ``[R]`` each; see :class:`econsim.populations.personas.people.People`.

    weight: float64, number of people that a row represents, with a mean of one. rank: cumulative share of people before
    a row, plus half the share of the row. upper: cumulative share up to and including a row. in_file: the rows in the
    order of the file.
    """

    income: Tensor
    weight: Tensor
    age: Tensor
    sex: Tensor
    education: Tensor
    occupation: Tensor
    occupations: tuple[str, ...]
    rank: Tensor
    upper: Tensor
    in_file: Tensor

    def __len__(self) -> int:
        """Return the number of rows ``R``."""
        return len(self.income)

    def at(self, levels: Tensor) -> Tensor:
        """Return the row number at ``levels`` in (0, 1), as float64, any shape."""
        row = torch.searchsorted(self.upper.to(levels.device), levels.double().contiguous())
        return row.clamp(max=len(self.upper) - 1).double()

    def first_row(self, incomes: Sequence[float]) -> Tensor:
        """Return, for each income, the first row with at least that income."""
        return torch.searchsorted(self.income, torch.tensor(incomes, dtype=torch.float64))


def read(name: str) -> Rows:
    """Return the people of a CSV file.

    Raises:
        UserError: the file cannot be read, a column is missing, or a cell is invalid.
    """
    table = read_csv(Path(name), "population.file", {*_PUMS, *_PUMS.values()})
    columns = {key: _column(table, key) for key in _PUMS}
    income_column = columns["income"]
    if income_column is None:
        raise UserError(f"{name}: expected a column income or WAGP{did_you_mean('income', table.columns)}")
    if income_column == _PUMS["income"]:
        table = table.subset([row for row, cell in enumerate(table.column(income_column)) if not _without_wages(cell)])
    if not len(table):
        raise UserError(f"{name}: no row has an income")
    income = torch.tensor(table.numbers(income_column, "an amount above 0", _positive), dtype=torch.float64)
    order = income.argsort(stable=True)
    weight = _weights(table, columns["weight"])[order]
    upper = (weight / weight.sum()).cumsum(0)
    words = _words(table, columns["occupation"])
    occupations = tuple(sorted(set(words) - {""}))
    index_of = {word: index for index, word in enumerate(occupations)} | {"": UNKNOWN}
    return Rows(
        income=income[order],
        weight=weight / weight.mean(),
        age=_ages(table, columns["age"])[order],
        sex=_indices(table, columns["sex"], SEXES, _sex)[order],
        education=_indices(table, columns["education"], EDUCATIONS, _education)[order],
        occupation=torch.tensor([index_of[word] for word in words])[order],
        occupations=occupations,
        rank=upper - 0.5 * weight / weight.sum(),
        upper=upper,
        in_file=order.argsort(),
    )


def _column(table: CsvTable, key: str) -> str | None:
    return next((column for column in (key, _PUMS[key]) if column in table.columns), None)


def _without_wages(cell: str) -> bool:
    """Return whether a cell of WAGP says that the person had no wages, or was not asked."""
    return is_blank(cell) or number_of(cell.strip()) in (0, NOT_APPLICABLE)


def _weights(table: CsvTable, column: str | None) -> Tensor:
    """Return the weight of each row, ``[R]`` float64; a row without a weight has the mean weight of the others."""
    if column is None:
        return torch.ones(len(table), dtype=torch.float64)
    weight = torch.tensor(table.numbers(column, "a weight above 0", _positive, math.nan), dtype=torch.float64)
    return weight.nan_to_num(float(weight.nanmean().nan_to_num(1.0)))


def _ages(table: CsvTable, column: str | None) -> Tensor:
    """Return the age of each row in completed years, ``[R]`` int64."""
    if column is None:
        return torch.full((len(table),), UNKNOWN)
    ages = table.numbers(column, "an age of 0 to 120", lambda age: 0 <= age <= 120, float(UNKNOWN))
    return torch.tensor([int(age) for age in ages])


def _positive(value: float) -> bool:
    return value > 0


def _indices(
    table: CsvTable, column: str | None, labels: Sequence[str], index_of: Callable[[str], int | None]
) -> Tensor:
    """Return the index of each cell among labels, ``[R]`` int64; each distinct cell is looked up once."""
    if column is None:
        return torch.full((len(table),), UNKNOWN)
    indices: dict[str, int] = {}
    for row, cell in enumerate(table.column(column)):
        if cell not in indices:
            index = UNKNOWN if is_blank(cell) else index_of(cell.strip())
            if index is None:
                raise table.mistake(row, column, f"one of {', '.join(labels)}")
            indices[cell] = index
    return torch.tensor([indices[cell] for cell in table.column(column)])


def _sex(cell: str) -> int | None:
    return _SEXES.get(cell.lower(), sex_of(cell))


def _education(cell: str) -> int | None:
    return EDUCATIONS.index(cell) if cell in EDUCATIONS else education_of(cell)


def _words(table: CsvTable, column: str | None) -> list[str]:
    """Return occupations as text, empty if unknown."""
    if column is None:
        return [""] * len(table)
    occupations: dict[str, str] = {}
    for row, cell in enumerate(table.column(column)):
        if cell not in occupations:
            occupations[cell] = "" if is_blank(cell) else _occupation(table, row, column)
    return [occupations[cell] for cell in table.column(column)]


def _occupation(table: CsvTable, row: int, column: str) -> str:
    cell = table.column(column)[row].strip()
    if column == OCCUPATION_CODES:
        group = occupation_of(cell)
        if group is None:
            raise table.mistake(row, column, "an occupation code")
        return group
    if len(cell) > _LONGEST or not cell.isprintable():
        raise table.mistake(row, column, f"one line of at most {_LONGEST} characters")
    return cell
