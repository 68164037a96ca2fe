"""Pairwise preferences from CSV files: a table of shares, or one row per voter.

A *table* has a column ``alternative`` with the name of each row, and one column per alternative: the share of voters
who prefer the row to the column. Any other file has *voters*: one column per alternative with the voter's utility or
score, higher for better, and optionally a column ``weight``; columns ``voter`` and ``persona`` are names.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from econsim.errors import UserError
from econsim.mechanisms.voting import preference_shares
from econsim.storage.csv_reader import CsvTable, read_csv

__all__ = ["PreferenceFile", "read_preferences"]

_KEY = "game.file"
_NAMES = ("voter", "persona")


class PreferenceFile(NamedTuple):
    """Names of alternatives, and the share of voters who prefer one (row) to another (column), ``[C, C]``."""

    alternatives: tuple[str, ...]
    shares: NDArray[np.float64]


def read_preferences(file: str, precision: float | None) -> PreferenceFile:
    """Return the preferences of a CSV file, relative to the working directory.

    Args:
        file: the path.
        precision: of voters; see :func:`~econsim.mechanisms.voting.preference_shares`.

    Raises:
        UserError: the file cannot be read, or its content is neither a table of shares nor voters.
    """
    if Path(file).suffix.lower() != ".csv":
        raise UserError(f"{_KEY}: expected a file that ends in .csv, found {file}")
    table = read_csv(Path(file), _KEY)
    return _shares(table, precision) if "alternative" in table.columns else _voters(table, precision)


def _shares(table: CsvTable, precision: float | None) -> PreferenceFile:
    if precision is not None:
        raise UserError(f"{_KEY}: {table.name}: precision belongs to a file of voters; a table of shares has none")
    names = tuple(name for name in table.columns if name != "alternative")
    rows = [name.strip() for name in table.column("alternative")]
    for row, name in enumerate(rows):
        if name not in names or name in rows[:row]:
            raise table.mistake(row, "alternative", f"each of {', '.join(names)} once")
    if len(rows) != len(names):
        missing = next(name for name in names if name not in rows)
        raise UserError(f"{_KEY}: {table.name}: expected a row for each column; there is none for {missing}")
    expected = "a share between 0 and 1"
    columns = [table.numbers(name, expected, lambda share: 0 <= share <= 1) for name in names]
    order = [rows.index(name) for name in names]
    return PreferenceFile(names, np.array(columns).T[order])


def _voters(table: CsvTable, precision: float | None) -> PreferenceFile:
    names = tuple(name for name in table.columns if name not in (*_NAMES, "weight"))
    if len(names) < 2 or not len(table):
        raise UserError(f"{_KEY}: {table.name}: expected rows of voters and columns of at least two alternatives")
    utility = np.array([table.numbers(name, "a utility or a score") for name in names]).T
    weights = np.ones(len(table))
    if "weight" in table.columns:
        weights = np.array(table.numbers("weight", "a weight of at least 0", lambda weight: weight >= 0))
    if not weights.sum() > 0:
        raise UserError(f"{_KEY}: {table.name}: column weight: expected at least one positive weight")
    shares = preference_shares(torch.from_numpy(utility)[None], torch.from_numpy(weights), precision)
    return PreferenceFile(names, shares[0].numpy())
