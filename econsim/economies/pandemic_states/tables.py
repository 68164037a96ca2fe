"""Data of the states: tables in a user's folder, with one documented column for each number that the equations need."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.storage.csv_reader import CsvTable, is_blank, read_csv
from econsim.storage.files import write_text

__all__ = ["COLUMNS", "FEWEST_LEVELS", "LEVELS", "Bounds", "Tables", "read_tables", "write_tables"]

FEWEST_LEVELS, LEVELS = 1, 10
"""The lowest and the highest level of stringency."""
_BOUNDS = ("health_low", "health_high", "economy_low", "economy_high")
_WEIGHT = "unemployment_weight_"

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "states.csv": {
        "state": "code of the state, such as CA; one row for each state",
        "population": "number of people, above 0",
        "infection_intercept": "infections per infected person and day at a level of stringency of zero",
        "infection_slope": "change of these infections for each level of stringency, usually negative",
        "unemployment_baseline": "unemployment without excess, in per cent of the population, 0 to 60",
        "unemployment_weight_1": "weight of the first filter of changes of stringency; one column for each filter",
        "health_weight": "inferred weight of health against the economy, above 0 and below 1",
        "health_low": "health index of a day that counts as 0",
        "health_high": "health index of a day that counts as 1",
        "economy_low": "economic index of a day that counts as 0",
        "economy_high": "economic index of a day that counts as 1",
    },
    "history.csv": {
        "date": "day, such as 2020-03-22; one row for each day and state",
        "state": "code of the state, as in states.csv",
        "stringency": "level of the actual policy on that day, a whole number from 1 to 10",
        "infected": "people infected on that day; needed on the first day of an episode only",
        "recovered": "people who had recovered, died or been vaccinated; needed on the first day only",
        "vaccinated": "people who had been vaccinated; needed on the first day only",
    },
    "federal.csv": {
        "health_weight": "inferred weight of health against the economy, above 0 and below 1; the table has one row",
        "health_low": "health index of a day that counts as 0",
        "health_high": "health index of a day that counts as 1",
        "economy_low": "economic index of a day that counts as 0",
        "economy_high": "economic index of a day that counts as 1",
    },
    "subsidies.csv": {
        "date": "day on which a subsidy begins, such as 2020-04-15",
        "amount": "US dollars in total, paid in equal parts over the days of economy.subsidy_every",
    },
}
"""The columns of each file of a folder. The four bounds of indices are in both tables or in neither; without them they
are computed. ``subsidies.csv`` may be missing."""


class Bounds(NamedTuple):
    """Bounds of the indices of a day, ``[N]`` each, ``[1]`` for the nation: those that count as zero and as one."""

    health_low: Tensor
    health_high: Tensor
    economy_low: Tensor
    economy_high: Tensor


@dataclass(frozen=True)
class Tables:
    """Data of ``N`` states; see :data:`COLUMNS`. Numbers are float64.

    names: codes of the states. first: the first day of ``policy``. policy: ``[D, N]`` int8. infected, recovered,
    vaccinated: ``[N]``, people on the first day of an episode. infection_intercept, infection_slope,
    unemployment_baseline, health_weight: ``[N]``. unemployment_weights: ``[N, K]``. bounds, federal_bounds: given
    bounds of indices, or ``None``. subsidies: US dollars by first day.
    """

    names: tuple[str, ...]
    population: Tensor
    infected: Tensor
    recovered: Tensor
    vaccinated: Tensor
    infection_intercept: Tensor
    infection_slope: Tensor
    unemployment_baseline: Tensor
    unemployment_weights: Tensor
    health_weight: Tensor
    federal_health_weight: float
    first: date
    policy: Tensor
    subsidies: Mapping[date, float]
    bounds: Bounds | None = None
    federal_bounds: Bounds | None = None


def read_tables(folder: Path, start: date, filters: int, recovery: float) -> Tables:
    """Return the data of a folder.

    Args:
        folder: the folder.
        start: first day of an episode.
        filters: number of filters of unemployment.
        recovery: share of the infected that recovers in a day.

    Raises:
        UserError: a file or a column is missing, or a cell is not what the column is documented to hold; the message
            names file, line and column.
    """
    if not folder.is_dir():
        raise UserError(f"economy.folder: {folder}: no such folder; expected one with {', '.join(COLUMNS)}")
    states, history, federal = (_table(folder, name) for name in ("states.csv", "history.csv", "federal.csv"))
    names = _names(states)
    population = _numbers(states, "population", lambda value: value > 0, "a number above 0")
    policy, first = _policy(history, names)
    epidemic = _epidemic(history, names, start)
    if len(federal) != 1:
        raise UserError(f"{federal.name}: expected one row, found {len(federal)}")
    tables = Tables(
        names,
        population,
        *epidemic,
        *_rates(states, names, recovery),
        _numbers(states, "unemployment_baseline", lambda value: 0 <= value <= 60, "a percentage from 0 to 60"),
        _weights(states, filters),
        _numbers(states, "health_weight", _is_weight, "a weight above 0 and below 1"),
        float(_numbers(federal, "health_weight", _is_weight, "a weight above 0 and below 1")[0]),
        first,
        policy,
        _subsidies(folder),
        *_bounds(states, federal),
    )
    return _checked(tables, history.name)


def write_tables(tables: Tables, folder: Path, start: date) -> None:
    """Write tables as the files of a folder that :func:`read_tables` reads, a template for a user's own data.

    Args:
        tables: the data; bounds of indices are left out, so that they are computed.
        folder: the folder, which is created.
        start: the first day of an episode, to which the state of the epidemic belongs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = tables.unemployment_weights
    header = ["state", *_OF_STATES, *(f"{_WEIGHT}{number + 1}" for number in range(weights.shape[1]))]
    rows = [
        [
            name,
            *(_text(float(getattr(tables, column)[row])) for column in _OF_STATES),
            *map(_text, weights[row].tolist()),
        ]
        for row, name in enumerate(tables.names)
    ]
    _write(folder / "states.csv", [header, *rows])
    _write(folder / "federal.csv", [["health_weight"], [_text(tables.federal_health_weight)]])
    paid = [[day.isoformat(), _text(amount)] for day, amount in tables.subsidies.items()]
    _write(folder / "subsidies.csv", [["date", "amount"], *paid])
    people = torch.stack([tables.infected, tables.recovered, tables.vaccinated], 1).tolist()
    days = [["date", "state", "stringency", "infected", "recovered", "vaccinated"]]
    for number, levels in enumerate(tables.policy.tolist()):
        day = tables.first + timedelta(days=number)
        for name, level, counts in zip(tables.names, levels, people, strict=True):
            known = list(map(_text, counts)) if day == start else [""] * 3
            days.append([day.isoformat(), name, str(level), *known])
    _write(folder / "history.csv", days)


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    write_text(path, "".join(",".join(row) + "\n" for row in rows))


def _text(value: float) -> str:
    return f"{value:.17g}"


_OF_STATES = ("population", "infection_intercept", "infection_slope", "unemployment_baseline", "health_weight")


def _table(folder: Path, name: str) -> CsvTable:
    path = folder / name
    if not path.is_file():
        columns = "; ".join(f"{column}: {meaning}" for column, meaning in COLUMNS[name].items())
        raise UserError(f"economy.folder: {path} is missing; it has the columns {columns}")
    return read_csv(path, "economy.folder")


def _cells(table: CsvTable, column: str) -> list[str]:
    """Return the cells of a column; a missing column is an error that says what the column holds."""
    if column not in table.columns:
        meaning = COLUMNS[Path(table.name).name].get(column, COLUMNS["states.csv"][f"{_WEIGHT}1"])
        raise UserError(f"{table.name} has no column {column!r}, which is the {meaning}")
    return [cell.strip() for cell in table.column(column)]


def _numbers(table: CsvTable, column: str, allowed: Callable[[float], bool], expected: str) -> Tensor:
    _cells(table, column)
    return torch.tensor(table.numbers(column, expected, allowed), dtype=torch.float64)


def _is_weight(value: float) -> bool:
    return 0 < value < 1


def _names(states: CsvTable) -> tuple[str, ...]:
    names = _cells(states, "state")
    for row, name in enumerate(names):
        if not name.isalnum() or len(name) > 20 or name in names[:row]:
            raise states.mistake(row, "state", "a code of at most 20 letters and digits that no other row has")
    if not names:
        raise UserError(f"{states.name}: expected a row for each state, found none")
    return tuple(names)


def _rates(states: CsvTable, names: tuple[str, ...], recovery: float) -> tuple[Tensor, Tensor]:
    """Return intercepts and slopes, with which the number of people in no group falls below zero."""
    intercept, slope = (
        _numbers(states, f"infection_{name}", math.isfinite, "a number") for name in ("intercept", "slope")
    )
    for level in (FEWEST_LEVELS, LEVELS):
        rates = intercept + slope * level
        if (wrong := ((rates > 1) | (rates < recovery - 1)).nonzero().flatten().tolist()) != []:
            state = wrong[0]
            raise UserError(
                f"{states.name}: state {names[state]}: infection_intercept + infection_slope * {level} is"
                f" {float(rates[state]):g}; expected an infection rate of at most 1 and at least {recovery - 1:.3g} at"
                " every level, since with others the number of infected or susceptible people falls below zero"
            )
    return intercept, slope


def _weights(states: CsvTable, filters: int) -> Tensor:
    columns = [f"{_WEIGHT}{number}" for number in range(1, filters + 1)]
    further = [name for name in states.columns if name.startswith(_WEIGHT) and name not in columns]
    if further:
        raise UserError(
            f"{states.name}: the column {further[0]} belongs to no filter, since economy.filter_days names {filters}"
        )
    return torch.stack([_numbers(states, column, math.isfinite, "a number") for column in columns], 1)


def _policy(history: CsvTable, names: tuple[str, ...]) -> tuple[Tensor, date]:
    """Return the levels ``[D, N]`` and the first day; every state has every day."""
    days = _dates(history)
    place = {name: number for number, name in enumerate(names)}
    first = min(days)
    levels = torch.zeros(((max(days) - first).days + 1, len(names)), dtype=torch.int8)
    numbers = _numbers(history, "stringency", _is_level, f"a whole number from {FEWEST_LEVELS} to {LEVELS}").tolist()
    for row, (day, name, level) in enumerate(zip(days, _cells(history, "state"), numbers, strict=True)):
        if name not in place:
            raise history.mistake(row, "state", f"one of the states of states.csv, {', '.join(names)}")
        if levels[(day - first).days, place[name]] > 0:
            raise history.mistake(row, "date", f"one row for each day and state, but {name} has two")
        levels[(day - first).days, place[name]] = int(level)
    if (missing := (levels == 0).nonzero()).numel():
        day, state = missing[0].tolist()
        raise UserError(
            f"{history.name}: state {names[state]} has no row for {first + timedelta(days=day)}; expected one for each"
            f" day from {first} to {max(days)}"
        )
    return levels, first


def _is_level(value: float) -> bool:
    return value.is_integer() and FEWEST_LEVELS <= value <= LEVELS


def _dates(table: CsvTable) -> list[date]:
    days = []
    for row, cell in enumerate(_cells(table, "date")):
        try:
            days.append(date.fromisoformat(cell))
        except ValueError:
            raise table.mistake(row, "date", "a day such as 2020-03-22") from None
    if not days and table.name.endswith("history.csv"):
        raise UserError(f"{table.name}: expected a row for each day and state, found none")
    return days


def _epidemic(history: CsvTable, names: tuple[str, ...], start: date) -> tuple[Tensor, Tensor, Tensor]:
    """Return the infected, recovered and vaccinated on the first day of an episode, ``[N]`` each."""
    columns = ("infected", "recovered", "vaccinated")
    for column in columns:
        _cells(history, column)
    rows = [row for row, day in enumerate(_dates(history)) if day == start]
    if len(rows) != len(names):
        days = _dates(history)
        raise UserError(
            f"{history.name}: no rows for {start}, the first day of an episode (economy.start); it has days from"
            f" {min(days)} to {max(days)}"
        )
    begin = history.subset(rows)
    for column in columns:
        for row, cell in enumerate(begin.column(column)):
            if is_blank(cell):
                raise begin.mistake(row, column, f"a number of people on {start}, the first day (economy.start)")
    order = {name: row for row, name in enumerate(_cells(begin, "state"))}
    index = torch.tensor([order[name] for name in names])
    people = [_numbers(begin, column, lambda value: value >= 0, "a number of people, 0 or more") for column in columns]
    infected, recovered, vaccinated = (values[index] for values in people)
    return infected, recovered, vaccinated


def _subsidies(folder: Path) -> dict[date, float]:
    if not (folder / "subsidies.csv").exists():
        return {}
    table = _table(folder, "subsidies.csv")
    amounts = _numbers(table, "amount", lambda value: value >= 0, "an amount of US dollars, 0 or more").tolist()
    subsidies: dict[date, float] = {}
    for row, (day, amount) in enumerate(zip(_dates(table), amounts, strict=True)):
        if day in subsidies:
            raise table.mistake(row, "date", "a day that no other row has")
        subsidies[day] = amount
    return subsidies


def _bounds(states: CsvTable, federal: CsvTable) -> tuple[Bounds | None, Bounds | None]:
    tables = (states, federal)
    given = [(table, name) for table in tables for name in _BOUNDS if name in table.columns]
    if not given:
        return None, None
    for table in tables:
        for name in _BOUNDS:
            if name not in table.columns:
                raise UserError(
                    f"{table.name} has no column {name!r}, but {given[0][0].name} has {given[0][1]!r}: give all four"
                    f" bounds in states.csv and federal.csv, or none, and they are computed ({', '.join(_BOUNDS)})"
                )
    states_bounds, federal_bounds = (
        Bounds(*(_numbers(table, name, math.isfinite, "a number") for name in _BOUNDS)) for table in tables
    )
    for table, bounds in zip(tables, (states_bounds, federal_bounds), strict=True):
        for low, high, column in (
            (bounds.health_low, bounds.health_high, "health_high"),
            (bounds.economy_low, bounds.economy_high, "economy_high"),
        ):
            if (wrong := (high <= low).nonzero().flatten().tolist()) != []:
                raise table.mistake(wrong[0], column, f"a number above that of {column.replace('high', 'low')}")
    return states_bounds, federal_bounds


def _checked(tables: Tables, name: str) -> Tables:
    for row, state in enumerate(tables.names):
        people = (tables.infected[row], tables.recovered[row], tables.vaccinated[row], tables.population[row])
        infected, recovered, vaccinated, population = (float(value) for value in people)
        if infected + recovered > population or vaccinated > recovered:
            raise UserError(
                f"{name}: state {state}: {infected:,.0f} infected, {recovered:,.0f} recovered and {vaccinated:,.0f}"
                f" vaccinated people of {population:,.0f}; expected infected and recovered people to be at most all,"
                " and the vaccinated, who count as recovered, at most those"
            )
    return tables
