"""Income distribution from a published table of percentiles, by default US wages of 2019.

Between two rows incomes follow a Pareto distribution (log income is linear in ``-log(1 - p)``, the usual interpolation
of income tables). Above the last row the exponent of the last interval applies; below the first row income is
proportional to ``p``. The default table contains the W-2 wage compensation of all individuals in tax year 2019 (US
Census Bureau and Federal Reserve Bank of Minneapolis, "Income Distributions and Dynamics in America").
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import UserError
from econsim.populations import Sample
from econsim.populations._sampling import Sampling, draw
from econsim.storage.csv_reader import CsvTable, read_csv

__all__ = ["Parameters", "QuantileTable"]

REFERENCES = (
    """@misc{idda2019w2, title = {Income Distributions and Dynamics in America},
  author = {{US Census Bureau} and {Federal Reserve Bank of Minneapolis}},
  note = {W-2 percentiles of income, tax year 2019},
  howpublished = {minneapolisfed.org/institute/income-distributions-and-dynamics-in-america}}""",
)
SHIPPED = "data/us_w2_wages_2019.csv"


class Parameters(Sampling):
    """Parameters of a table of percentiles."""

    file: str | None = None
    """CSV file in UTF-8 with a header row, relative to the working directory; null: the table of US wages of 2019."""
    percentile_column: str = "percentile"
    """Column of percentiles, in (0, 100), strictly increasing."""
    value_column: str = "value"
    """Column of annual incomes at these percentiles, positive, strictly increasing."""
    unit: str = Field("USD", min_length=1)
    """Unit of money in the table."""


class QuantileTable:
    """Population with incomes from a table of percentiles.

    Raises:
        UserError: a file or column does not exist, a row or cell is invalid, rows are not increasing, or the last two
            rows imply an infinite mean income.
    """

    def __init__(self, parameters: Parameters) -> None:
        """Read the table."""
        self.parameters = parameters
        self.unit = parameters.unit
        levels, incomes = _read(parameters)
        self._depth = -torch.log1p(-levels)
        self._log_income = incomes.log()
        self._slope = self._log_income.diff() / self._depth.diff()
        self._first = (float(levels[0]), float(incomes[0]))

    def quantile(self, levels: Tensor) -> Tensor:
        """Return annual incomes at ``levels`` in (0, 1), float64, any shape."""
        levels = levels.double()
        depth, log_income, slope = (tensor.to(levels.device) for tensor in (self._depth, self._log_income, self._slope))
        position = -torch.log1p(-levels)
        row = (torch.searchsorted(depth, position.contiguous(), right=True) - 1).clamp(0, len(slope) - 1)
        within = (log_income[row] + slope[row] * (position - depth[row])).exp()
        first_level, first_income = self._first
        return torch.where(levels < first_level, first_income * levels / first_level, within)

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = torch.float64) -> Sample:
        """Return a sample of ``count`` people per environment copy."""
        return draw(self.quantile, self.parameters, key, count, dtype)


def _read(parameters: Parameters) -> tuple[Tensor, Tensor]:
    """Return validated levels in (0, 1) and incomes, ``[R]`` each."""
    path: Path | Traversable = Path(parameters.file) if parameters.file else files("econsim.populations") / SHIPPED
    table = read_csv(path, "population.file")
    percentile, value = parameters.percentile_column, parameters.value_column
    percentiles = table.numbers(percentile, "a percentile above 0 and below 100", lambda level: 0 < level < 100)
    incomes = table.numbers(value, "an income above 0", lambda income: income > 0)
    _check_increasing(table, percentile, percentiles)
    _check_increasing(table, value, incomes)
    levels, money = (torch.tensor(column, dtype=torch.float64) for column in (percentiles, incomes))
    _check_mean(levels / 100, money, table.name)
    return levels / 100, money


def _check_increasing(table: CsvTable, column: str, values: list[float]) -> None:
    for row, (lower, upper) in enumerate(pairwise(values), start=1):
        if upper <= lower:
            raise table.mistake(row, column, f"a number above {lower:.12g} of the row before")


def _check_mean(levels: Tensor, incomes: Tensor, name: str) -> None:
    if len(levels) < 2:
        raise UserError(f"population.file: {name}: expected at least two rows, found {len(levels)}")
    exponent = (torch.log1p(-levels[-2]) - torch.log1p(-levels[-1])) / (incomes[-1] / incomes[-2]).log()
    if float(exponent) <= 1:
        raise UserError(f"population.file: {name}: the last two rows imply an infinite mean; add a higher percentile")
