"""Survey of Consumer Finances: the summary extract of the public data, as families with survey weights.

The Federal Reserve publishes the extract as a CSV file for each year of the survey; users download it themselves. Rows
are implicates: a family has five, which differ where an answer was imputed, and all five count. Amounts are US dollars.

    column    values
    WGT       number of families that the row represents, already divided by the five implicates (required)
    ASSET     assets, at least zero; some families have none, and keep their weight (required)
    INCOME    income of the last year before tax (required)
    WAGEINC   wages and salaries
    EDUC      highest grade completed: -1 none, 1 to 14
    YY1       number of the family; where it is given, the five implicates of each family are counted

EDUC is a code and no amount: it has no logarithm at -1, and a step of one means another thing at each grade. Here it
serves to rank families, as amounts do.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.families import Families, families_of
from econsim.storage.csv_reader import CsvTable, read_csv

__all__ = ["FAMILIES", "Ranking", "read_families"]

Ranking = Literal["INCOME", "WAGEINC", "EDUC"]
FAMILIES = {2022: 131.3e6}
"""Families that the survey of a year represents, the sum of its weights; years whose extract was checked."""
IMPLICATES = 5
_NEAR = 0.005  # relative; the weights of the extract of 2022 add up to 0.03 % more
_PLAUSIBLE = (1e5, 1e7)  # mean assets per family in US dollars: 1.2 million in 2022
_CODES = {-1, *range(1, 15)}


def read_families(file: str, key: str, ranking: Ranking = "INCOME", year: int | None = 2022) -> Families:
    """Return the families of an extract.

    Args:
        file: the CSV file, relative to the working directory.
        key: the key of the scenario that names it, for messages.
        ranking: the column that ranks families by productivity.
        year: of the survey, whose number of families the weights must add up to, within half a per cent, and whose mean
            assets must be plausible; ``None``: neither is checked, for a part of an extract.

    Raises:
        UserError: the file cannot be read, a column is missing, a cell is invalid (the message names its line), a
            family has not five implicates, or weights or mean assets are not those of ``year``.
    """
    table = read_csv(Path(file), key, {"WGT", "ASSET", "INCOME", "YY1", ranking})
    if not len(table):
        raise UserError(f"{key}: {file} has no rows; expected families")
    weight = np.array(table.numbers("WGT", "a weight above 0", lambda value: value > 0))
    assets = np.array(table.numbers("ASSET", "an amount of at least 0", lambda value: value >= 0))
    income = np.array(table.numbers("INCOME"))
    _check_implicates(table, key)
    if year is not None:
        _check_year(weight, assets, year, f"{key}: {file}")
    if not weight @ assets > 0:
        raise UserError(f"{key}: {file}: no family has assets; expected amounts in US dollars in column ASSET")
    return families_of(assets, weight, _ranks(table, ranking), float(weight @ income / weight.sum()))


def _ranks(table: CsvTable, ranking: Ranking) -> Floats:
    if ranking == "EDUC":
        return np.array(table.numbers("EDUC", "a code of EDUC, -1 or 1 to 14", lambda value: value in _CODES))
    return np.array(table.numbers(ranking))


def _check_implicates(table: CsvTable, key: str) -> None:
    if "YY1" not in table.columns:
        return
    rows = Counter(cell.strip() for cell in table.column("YY1"))
    family, count = next(((family, count) for family, count in rows.items() if count != IMPLICATES), ("", IMPLICATES))
    if count != IMPLICATES:
        raise UserError(
            f"{key}: {table.name}: family {family} (column YY1) has {count} rows, expected its five implicates; keep"
            " all rows of the extract"
        )


def _check_year(weight: Floats, assets: Floats, year: int, what: str) -> None:
    remedy = "; set year to null for another year, or a part of an extract"
    if year not in FAMILIES:
        known = ", ".join(map(str, FAMILIES))
        raise UserError(f"{what}: no number of families is known for the year {year}, only for {known}{remedy}")
    total = float(weight.sum())
    if abs(total / (IMPLICATES * FAMILIES[year]) - 1) <= _NEAR:
        raise UserError(
            f"{what}: the weights add up to {total:,.0f}, five times the {FAMILIES[year]:,.0f} families of {year};"
            " divide WGT by the five implicates, as in the summary extract"
        )
    if abs(total / FAMILIES[year] - 1) > _NEAR:
        raise UserError(
            f"{what}: the weights add up to {total:,.0f} families, expected {FAMILIES[year]:,.0f} in {year}{remedy}"
        )
    mean = float(weight @ assets / total)
    if not _PLAUSIBLE[0] <= mean <= _PLAUSIBLE[1]:
        raise UserError(
            f"{what}: mean assets are {mean:,.0f} per family, expected {_PLAUSIBLE[0]:,.0f} to {_PLAUSIBLE[1]:,.0f} US"
            f" dollars; is ASSET in another unit?{remedy.replace(';', ' Otherwise,', 1)}"
        )
