"""Observed metrics: values with standard errors, from a CSV file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from econsim.errors import UserError
from econsim.storage.csv_reader import read_csv

__all__ = ["Observation", "read_observations"]


class Observation(NamedTuple):
    """An observed metric: its name, its value, and the standard error of the value, in the unit of the metric."""

    metric: str
    value: float
    error: float


def read_observations(file: Path) -> list[Observation]:
    """Read the columns metric, value and standard_error.

    Raises:
        UserError: the file cannot be read, a column is missing, a cell is not a number, a standard error is not
            positive, or a metric occurs twice; the message names the line.
    """
    table = read_csv(file, "--data")
    metrics = table.column("metric")
    values = table.numbers("value", "a number")
    errors = table.numbers("standard_error", "a positive number", lambda error: 0 < error < math.inf)
    if not metrics:
        raise UserError(f"{table.name} has no rows")
    _refuse_repeats(table.name, metrics, table.lines)
    return [Observation(*row) for row in zip(metrics, values, errors, strict=True)]


def _refuse_repeats(name: str, metrics: Sequence[str], lines: Sequence[int]) -> None:
    seen: dict[str, int] = {}
    for metric, line in zip(metrics, lines, strict=True):
        if metric in seen:
            raise UserError(
                f"{name}, line {line}: {metric} is observed already on line {seen[metric]}; keep one of them"
            )
        seen[metric] = line
