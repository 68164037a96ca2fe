"""Income distribution from a published table of percentiles, by default US wages of 2019.

Between two rows incomes follow a Pareto distribution (log income is linear in ``-log(1 - p)``, the usual interpolation
of income tables). Above the last row the exponent of the last interval applies; below the first row income is
proportional to ``p``. The default table contains the W-2 wage compensation of all individuals in tax year 2019 (US
Census Bureau and Federal Reserve Bank of Minneapolis, "Income Distributions and Dynamics in America").
"""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import UserError, did_you_mean
from econsim.populations import Sample
from econsim.populations._sampling import Sampling, draw
from econsim.storage.user_files import read_user_file

__all__ = ["Parameters", "QuantileTable"]

REFERENCES = (
    """@misc{idda2019w2, title = {Income Distributions and Dynamics in America},
  author = {{US Census Bureau} and {Federal Reserve Bank of Minneapolis}},
  note = {W-2 percentiles of income, tax year 2019},
  howpublished = {minneapolisfed.org/institute/income-distributions-and-dynamics-in-america}}""",
)
SHIPPED = "data/us_w2_wages_2019.csv"
MOST_BYTES = 100 << 20
"""Largest size of a table."""


class Parameters(Sampling):
    """Parameters of a table of percentiles."""

    file: str | None = None
    """CSV file with a header row, relative to the working directory; null: the table of US wages of 2019."""
    percentile_column: str = "percentile"
    """Column of percentiles, in (0, 100), strictly increasing."""
    value_column: str = "value"
    """Column of annual incomes at these percentiles, positive, strictly increasing."""
    unit: str = Field("USD", min_length=1)
    """Unit of money in the table."""


class QuantileTable:
    """Population with incomes from a table of percentiles.

    Raises:
        UserError: a file or column does not exist, a cell is not a number, rows are not increasing, or the last two
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
    shipped = files("econsim.populations") / SHIPPED
    name = parameters.file or shipped.name
    try:
        raw = read_user_file(Path(parameters.file), MOST_BYTES) if parameters.file else shipped.read_bytes()
        lines = [line for line in raw.decode("utf-8").splitlines() if not line.startswith("#")]
    except UserError as error:
        raise UserError(f"quantile_table: cannot read {error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"quantile_table: cannot read {name}: {error}") from None
    rows = csv.DictReader(lines)
    levels = torch.tensor(_column(rows, parameters.percentile_column, name), dtype=torch.float64) / 100
    rows = csv.DictReader(lines)
    incomes = torch.tensor(_column(rows, parameters.value_column, name), dtype=torch.float64)
    _check(levels, incomes, name)
    return levels, incomes


def _column(rows: csv.DictReader[str], column: str, name: str) -> list[float]:
    header = rows.fieldnames or []
    if column not in header:
        raise UserError(f"quantile_table: {name} has no column {column!r}{did_you_mean(column, header)}")
    try:
        return [float(row[column]) for row in rows]
    except (TypeError, ValueError):
        raise UserError(f"quantile_table: {name}: column {column!r} contains a value that is not a number") from None


def _check(levels: Tensor, incomes: Tensor, name: str) -> None:
    if len(levels) < 2:
        raise UserError(f"quantile_table: {name}: expected at least two rows, found {len(levels)}")
    if not bool(((levels > 0) & (levels < 1)).all() and (levels.diff() > 0).all()):
        raise UserError(f"quantile_table: {name}: expected strictly increasing percentiles between 0 and 100")
    if not bool(incomes.isfinite().all() and (incomes > 0).all() and (incomes.diff() > 0).all()):
        raise UserError(f"quantile_table: {name}: expected positive, strictly increasing incomes")
    exponent = (torch.log1p(-levels[-2]) - torch.log1p(-levels[-1])) / (incomes[-1] / incomes[-2]).log()
    if float(exponent) <= 1:
        raise UserError(f"quantile_table: {name}: the last two rows imply an infinite mean; add a higher percentile")
