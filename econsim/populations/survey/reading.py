"""Reader of survey microdata, with errors that name the row and the column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from econsim.errors import UserError, did_you_mean
from econsim.populations.personas.census_tables import EDUCATIONS, SEXES
from econsim.populations.personas.people import UNKNOWN
from econsim.populations.survey.census import OCCUPATION_CODES, education_of, occupation_of, sex_of
from econsim.storage.user_files import open_user_file

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Rows", "read"]

_PUMS = {"income": "WAGP", "weight": "PWGTP", "age": "AGEP", "sex": "SEX", "education": "SCHL", "occupation": "OCCP"}
_SEXES = {"woman": 0, "women": 0, "female": 0, "f": 0, "man": 1, "men": 1, "male": 1, "m": 1}
MOST_BYTES = 8 << 30
"""Largest size of a survey, some times that of a national file of the American Community Survey."""
_LONGEST = 80  # maximum number of characters of an occupation, which is used in prompts


@dataclass(frozen=True)
class Rows:
    """People in ascending order of income, ``[R]`` each; see :class:`econsim.populations.personas.people.People`.

    rank: cumulative share of people before a row, plus half the share of the row. upper: cumulative share up to and
    including a row.
    """

    income: Tensor
    age: Tensor
    sex: Tensor
    education: Tensor
    occupation: Tensor
    occupations: tuple[str, ...]
    rank: Tensor
    upper: Tensor

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
    table = _table(name)
    columns = {key: _column(table, key) for key in _PUMS}
    if columns["income"] is None:
        raise UserError(f"{name}: expected a column income or WAGP{did_you_mean('income', table.columns)}")
    if columns["income"] == "WAGP":
        table = table[~table["WAGP"].isin(["", "0", "N", "bbbbbb"])]
    if table.empty:
        raise UserError(f"{name}: no row has an income")
    income = _numbers(table, name, columns["income"], "an amount above 0", lambda value: value > 0)
    order = income.argsort(stable=True)
    weight = _numbers(table, name, columns["weight"], "a weight above 0", lambda value: value > 0, default=1.0)[order]
    upper = (weight / weight.sum()).cumsum(0)
    age = _numbers(table, name, columns["age"], "an age of 0 to 120", lambda value: 0 <= value <= 120, float(UNKNOWN))
    words = _words(table, name, columns["occupation"])
    occupations = tuple(sorted(set(words) - {""}))
    index_of = {word: index for index, word in enumerate(occupations)} | {"": UNKNOWN}
    return Rows(
        income=income[order],
        age=age.long()[order],
        sex=_indices(table, name, columns["sex"], SEXES, _sex)[order],
        education=_indices(table, name, columns["education"], EDUCATIONS, _education)[order],
        occupation=torch.tensor([index_of[word] for word in words])[order],
        occupations=occupations,
        rank=upper - 0.5 * weight / weight.sum(),
        upper=upper,
    )


def _table(name: str) -> pd.DataFrame:
    """Return the recognised columns of a file as text, indexed by the line number of each row."""
    import pandas as pd

    recognised = {*_PUMS, *_PUMS.values()}
    try:
        with open_user_file(Path(name), MOST_BYTES) as file:
            table = pd.read_csv(
                file, dtype=str, keep_default_na=False, usecols=lambda column: column.strip() in recognised
            )
    except UserError as error:
        raise UserError(f"population.file: cannot read {error}") from None
    except (OSError, ValueError) as error:  # pandas raises ValueErrors for invalid files
        raise UserError(f"population.file: cannot read {name}: {error}") from None
    table.index += 2  # line numbers start at one, after the header line
    stripped = {column.strip(): table[column].str.strip() for column in table.columns}
    return pd.DataFrame(stripped, index=table.index)


def _column(table: pd.DataFrame, key: str) -> str | None:
    return next((column for column in (key, _PUMS[key]) if column in table.columns), None)


def _numbers(
    table: pd.DataFrame,
    name: str,
    column: str | None,
    expected: str,
    allowed: Callable[[float], bool],
    default: float | None = None,
) -> Tensor:
    """Return a column of numbers, ``[R]`` float64, or ``default`` if the column does not exist."""
    if column is None:
        return torch.full((len(table),), 0.0 if default is None else default, dtype=torch.float64)
    return torch.tensor(
        [_number(cell, f"{name}:{line}: column {column}", expected, allowed) for line, cell in table[column].items()],
        dtype=torch.float64,
    )


def _number(cell: str, where: str, expected: str, allowed: Callable[[float], bool]) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not allowed(value) or value == float("inf"):
        raise UserError(f"{where}: expected {expected}, found {cell!r}")
    return value


def _indices(
    table: pd.DataFrame, name: str, column: str | None, labels: Sequence[str], index_of: Callable[[str], int | None]
) -> Tensor:
    """Return the index of each cell among labels, ``[R]`` int64; each distinct cell is looked up once."""
    if column is None:
        return torch.full((len(table),), UNKNOWN)
    indices: dict[str, int] = {}
    for line, cell in table[column].drop_duplicates().items():
        index = UNKNOWN if cell == "" else index_of(cell)
        if index is None:
            raise UserError(f"{name}:{line}: column {column}: expected one of {', '.join(labels)}, found {cell!r}")
        indices[cell] = index
    return torch.tensor([indices[cell] for cell in table[column]])


def _sex(cell: str) -> int | None:
    return _SEXES.get(cell.lower(), sex_of(cell))


def _education(cell: str) -> int | None:
    return EDUCATIONS.index(cell) if cell in EDUCATIONS else education_of(cell)


def _words(table: pd.DataFrame, name: str, column: str | None) -> list[str]:
    """Return occupations as text, empty if unknown."""
    if column is None:
        return [""] * len(table)
    occupations: dict[str, str] = {}
    for line, cell in table[column].drop_duplicates().items():
        words = occupation_of(cell) if column == OCCUPATION_CODES else cell
        if words is None or len(words) > _LONGEST or not words.isprintable():
            raise UserError(
                f"{name}:{line}: column {column}: expected"
                f" {'an occupation code' if words is None else f'one line of at most {_LONGEST} characters'},"
                f" found {cell[:_LONGEST]!r}"
            )
        occupations[cell] = words
    return [occupations[cell] for cell in table[column]]
