"""Reading a file of people, with errors that name the row and the column."""

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

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Rows", "read"]

_PUMS = {"income": "WAGP", "weight": "PWGTP", "age": "AGEP", "sex": "SEX", "education": "SCHL", "occupation": "OCCP"}
_SEXES = {"woman": 0, "women": 0, "female": 0, "f": 0, "man": 1, "men": 1, "male": 1, "m": 1}
_LONGEST = 80  # characters of an occupation, which is put into prompts


@dataclass(frozen=True)
class Rows:
    """People in the order of their incomes, ``[R]`` each; see :class:`econsim.populations.personas.people.People`.

    rank: the share of people with less, plus half of one's own row. upper: the share up to and with one's own row.
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
        """Return the row at ``levels`` in (0, 1), as float64 numbers of any shape."""
        found = torch.searchsorted(self.upper.to(levels.device), levels.double().contiguous())
        return found.clamp(max=len(self.upper) - 1).double()

    def first_row(self, incomes: Sequence[float]) -> Tensor:
        """Return the first row with each income or more."""
        return torch.searchsorted(self.income, torch.tensor(incomes, dtype=torch.float64))


def read(name: str) -> Rows:
    """Return the people of a CSV file.

    Raises:
        UserError: the file cannot be read, a column is missing, or a cell is wrong.
    """
    table = _table(name)
    columns = {key: _column(table, key) for key in _PUMS}
    if columns["income"] is None:
        raise UserError(f"{name}: no column income (or WAGP){did_you_mean('income', table.columns)}")
    if columns["income"] == "WAGP":
        table = table[~table["WAGP"].isin(["", "0", "N", "bbbbbb"])]
    if table.empty:
        raise UserError(f"{name}: nobody with an income")
    income = _numbers(table, name, columns["income"], "an amount above 0", lambda value: value > 0)
    order = income.argsort(stable=True)
    weight = _numbers(table, name, columns["weight"], "a weight above 0", lambda value: value > 0, default=1.0)[order]
    upper = (weight / weight.sum()).cumsum(0)
    age = _numbers(table, name, columns["age"], "an age of 0 to 120", lambda value: 0 <= value <= 120, float(UNKNOWN))
    words = _words(table, name, columns["occupation"])
    occupations = tuple(sorted(set(words) - {""}))
    place = {word: index for index, word in enumerate(occupations)} | {"": UNKNOWN}
    return Rows(
        income=income[order],
        age=age.long()[order],
        sex=_places(table, name, columns["sex"], SEXES, _sex)[order],
        education=_places(table, name, columns["education"], EDUCATIONS, _education)[order],
        occupation=torch.tensor([place[word] for word in words])[order],
        occupations=occupations,
        rank=upper - 0.5 * weight / weight.sum(),
        upper=upper,
    )


def _table(name: str) -> pd.DataFrame:
    """Return the known columns of a file as text; the index is the line of each row."""
    import pandas as pd

    known = {*_PUMS, *_PUMS.values()}
    try:
        table = pd.read_csv(
            Path(name), dtype=str, keep_default_na=False, usecols=lambda column: column.strip() in known
        )
    except (OSError, ValueError) as error:  # what pandas raises of a wrong file are ValueErrors
        raise UserError(f"population.file: cannot read {name}: {error}") from None
    table.index += 2  # after the header, counting from one
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
    """Return a column of numbers, ``[R]`` float64; ``default`` where there is none."""
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
        raise UserError(f"{where}: expected {expected}, not {cell!r}")
    return value


def _places(
    table: pd.DataFrame, name: str, column: str | None, labels: Sequence[str], place: Callable[[str], int | None]
) -> Tensor:
    """Return the place of each cell among labels, ``[R]`` int64; every different cell is looked at once."""
    if column is None:
        return torch.full((len(table),), UNKNOWN)
    found: dict[str, int] = {}
    for line, cell in table[column].drop_duplicates().items():
        at = UNKNOWN if cell == "" else place(cell)
        if at is None:
            raise UserError(f"{name}:{line}: column {column}: expected one of {', '.join(labels)}, not {cell!r}")
        found[cell] = at
    return torch.tensor([found[cell] for cell in table[column]])


def _sex(cell: str) -> int | None:
    return _SEXES.get(cell.lower(), sex_of(cell))


def _education(cell: str) -> int | None:
    return EDUCATIONS.index(cell) if cell in EDUCATIONS else education_of(cell)


def _words(table: pd.DataFrame, name: str, column: str | None) -> list[str]:
    """Return what people do, in words; empty where nobody knows."""
    if column is None:
        return [""] * len(table)
    found: dict[str, str] = {}
    for line, cell in table[column].drop_duplicates().items():
        words = occupation_of(cell) if column == OCCUPATION_CODES else cell
        if words is None or len(words) > _LONGEST or not words.isprintable():
            raise UserError(
                f"{name}:{line}: column {column}: expected"
                f" {'an occupation code' if words is None else f'one line of at most {_LONGEST} characters'},"
                f" not {cell[:_LONGEST]!r}"
            )
        found[cell] = words
    return [found[cell] for cell in table[column]]
