"""Observed metrics from a CSV file: values with standard errors, of whole episodes or of each date of a time series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from econsim.errors import UserError
from econsim.storage.csv_reader import CsvTable, read_csv

__all__ = ["Observation", "read_observations"]

_CLOSEST_MONTHS = 28  # days; dates of monthly, quarterly and yearly data are not the same number of days apart


class Observation(NamedTuple):
    """An observed metric: its name, its value, and the standard error of the value, in the unit of the metric.

    ``step`` is the step of the episode in which it was observed, ``None`` for the metric of whole episodes, and
    ``date`` the date of that step.
    """

    metric: str
    value: float
    error: float
    step: int | None = None
    date: date | None = None

    @property
    def label(self) -> str:
        """The metric with its date or step, where it has one."""
        if self.step is None:
            return self.metric
        return f"{self.metric} {self.date or f'in step {self.step}'}"


def read_observations(file: Path, first_step: int = 0) -> list[Observation]:
    """Read the columns metric, value, standard_error and, for time series, date.

    Dates rise evenly for each metric, by days, months or years; the earliest one of the file is the step ``first_step``
    of an episode, and each further one is a step later.

    Raises:
        UserError: the file cannot be read, a column is missing, a cell is not a number or a date, a standard error is
            not positive, a metric occurs twice (for one date), or dates do not rise evenly; the message names the line.
    """
    table = read_csv(file, "--data")
    metrics = table.column("metric")
    values = table.numbers("value", "a number")
    errors = table.numbers("standard_error", "a positive number", lambda error: 0 < error < math.inf)
    if not metrics:
        raise UserError(f"{table.name} has no rows")
    if "date" not in table.columns:
        _refuse_repeats(table.name, metrics, table.lines)
        return [Observation(*row) for row in zip(metrics, values, errors, strict=True)]
    dates, steps = _dated(table, metrics)
    shifted = [first_step + step for step in steps]
    return [Observation(*row) for row in zip(metrics, values, errors, shifted, dates, strict=True)]


def _dated(table: CsvTable, metrics: Sequence[str]) -> tuple[list[date], list[int]]:
    """Return the date of each row, and its step, counted from the earliest date of the file."""
    dates = [_date(table, row) for row in range(len(table))]
    rows_of: dict[str, list[int]] = {}
    for row, metric in enumerate(metrics):
        rows_of.setdefault(metric, []).append(row)
    for rows in rows_of.values():
        for before, row in pairwise(rows):
            if dates[row] <= dates[before]:
                raise UserError(
                    f"{table.name}:{table.lines[row]}: {metrics[row]} on {dates[row]} comes after {dates[before]}; sort"
                    " the rows of each metric by date, one row per date"
                )
    distinct = sorted(set(dates))
    if len(distinct) == 1:
        return dates, [0] * len(dates)
    months = distinct[1].day == distinct[0].day and (distinct[1] - distinct[0]).days >= _CLOSEST_MONTHS
    numbers = {day: 12 * day.year + day.month if months else day.toordinal() for day in distinct}
    length = min(numbers[later] - numbers[day] for day, later in pairwise(distinct))
    unit = "month" if months else "day"
    spacing = f"{length} {unit}{'s' * (length != 1)}"
    for rows in rows_of.values():
        for before, row in pairwise(rows):
            apart = numbers[dates[row]] - numbers[dates[before]]
            if apart != length or (months and dates[row].day != dates[before].day):
                raise UserError(
                    f"{table.name}:{table.lines[row]}: {metrics[row]}: there is a gap between {dates[before]} and"
                    f" {dates[row]}, since others are {spacing} apart; add the dates between, or keep one side of it"
                )
    steps, uneven = zip(*(divmod(numbers[day] - numbers[distinct[0]], length) for day in dates), strict=True)
    if any(uneven):
        raise UserError(f"{table.name}: the dates of its metrics are not {spacing} apart; use the same dates for all")
    return dates, list(steps)


def _date(table: CsvTable, row: int) -> date:
    try:
        return date.fromisoformat(table.columns["date"][row].strip())
    except ValueError:
        raise table.mistake(row, "date", "a date such as 2020-08-31") from None


def _refuse_repeats(name: str, metrics: Sequence[str], lines: Sequence[int]) -> None:
    seen: dict[str, int] = {}
    for metric, line in zip(metrics, lines, strict=True):
        if metric in seen:
            raise UserError(
                f"{name}, line {line}: {metric} is observed already on line {seen[metric]}; keep one of them, or add a"
                " column date"
            )
        seen[metric] = line
