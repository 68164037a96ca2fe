"""CSV files with a header row: fields are counted, and every row keeps its line number in the file.

Lines that start with ``#`` are comments, and blank rows are skipped. If the first row ends with further fields that are
blank, as spreadsheets write them, others may too. A row with another number of fields is an error, since its values
would be read under the names of other columns: ``1,200`` without quotes is two fields.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from econsim.errors import UserError, did_you_mean
from econsim.storage.user_files import decoded, read_user_file

__all__ = ["CsvTable", "is_blank", "read_csv"]

MOST_BYTES = 8 << 30
"""Largest size of a file: a census survey has some gigabytes."""

_BLANK = {"", "NA", "NaN", "nan"}  # also as R and pandas write a missing value


@dataclass(frozen=True)
class CsvTable:
    """Columns of a CSV file as text, ``[R]`` each, and the line on which each of the ``R`` rows starts."""

    name: str
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    def column(self, name: str) -> Sequence[str]:
        """Return the cells of a column.

        Raises:
            UserError: there is no such column; similar names are listed.
        """
        if name not in self.columns:
            raise UserError(f"{self.name} has no column {name!r}{did_you_mean(name, self.columns)}")
        return self.columns[name]

    def numbers(
        self,
        name: str,
        expected: str = "a number",
        allowed: Callable[[float], bool] = math.isfinite,
        blank: float | None = None,
    ) -> list[float]:
        """Return the cells of a column as finite numbers; ``blank`` stands for a blank cell, by default an error.

        Raises:
            UserError: there is no such column, or a cell is not an allowed number; the message says what was expected.
        """
        values = []
        for row, cell in enumerate(self.column(name)):
            value = _number(cell)
            if blank is not None and is_blank(cell):
                value = blank
            elif value is None or not allowed(value):
                raise self.mistake(row, name, expected)
            values.append(value)
        return values

    def rows(self) -> Iterator[dict[str, str]]:
        """Yield each row as a mapping from columns to cells."""
        for cells in zip(*self.columns.values(), strict=True):
            yield dict(zip(self.columns, cells, strict=True))

    def subset(self, kept: Sequence[int]) -> CsvTable:
        """Return a table of some of the rows, given by index."""
        columns = {name: [cells[row] for row in kept] for name, cells in self.columns.items()}
        return CsvTable(self.name, columns, [self.lines[row] for row in kept])

    def mistake(self, row: int, column: str, expected: str) -> UserError:
        """Return the error of one cell, with the line of its row."""
        cell = self.columns[column][row]
        shown = repr(cell if len(cell) <= 80 else f"{cell[:80]}...")
        return UserError(f"{self.name}:{self.lines[row]}: column {column}: expected {expected}, found {shown}")


def read_csv(path: Path | Traversable, key: str, only: Collection[str] | None = None) -> CsvTable:
    """Return the content of a CSV file in UTF-8, with or without a byte order mark.

    Args:
        path: the file; messages show it as given.
        key: the key of the scenario that names the file, for messages.
        only: the columns to keep, where the others are not needed.

    Raises:
        UserError: the file cannot be read, has no header, or a row has another number of fields than the header.
    """
    name = str(path) if isinstance(path, Path) else path.name
    try:
        raw = read_user_file(path, MOST_BYTES) if isinstance(path, Path) else path.read_bytes()
    except UserError as error:
        raise UserError(f"{key}: cannot read {error}") from None
    return _table(name, decoded(raw, name, key), key, only)


def is_blank(cell: str) -> bool:
    """Return whether a cell holds no value."""
    return cell.strip() in _BLANK


def _table(name: str, text: str, key: str, only: Collection[str] | None) -> CsvTable:
    records = _records(name, text)
    _, header = next(records, (0, []))
    names = [cell.strip() for cell in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise UserError(f"{key}: {name}: expected a header row with the names of columns, found no row")
    kept = [index for index, column in enumerate(names) if column and (only is None or column in only)]
    if repeated := [column for column, count in Counter(names[index] for index in kept).items() if count > 1]:
        raise UserError(f"{key}: {name}: the column {repeated[0]!r} is given twice")
    columns: dict[str, list[str]] = {names[index]: [] for index in kept}
    lines: list[int] = []
    first_width = 0
    for line, cells in records:
        first_width = first_width or len(cells)
        counted = len(cells) in (len(names), max(len(names), first_width))
        if not counted or any(cells[len(names) :]):
            raise _miscounted(name, line, len(cells), len(names))
        lines.append(line)
        for index in kept:
            columns[names[index]].append(cells[index])
    return CsvTable(name, columns, lines)


def _records(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each record starts, and its fields; comments and blank rows are skipped."""
    lines = _Lines(text)
    reader = csv.reader(lines, strict=True, skipinitialspace=True)
    while True:
        lines.between_records = True
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(f"{name}:{lines.start}: not CSV: {error}; check the quotes") from None
        if any(cell.strip() for cell in cells):
            yield lines.start, cells


class _Lines:
    """Physical lines of a text, without the comments that stand between records; ``start`` is a record's first line."""

    def __init__(self, text: str) -> None:
        self._lines = enumerate(io.StringIO(text, newline=""), start=1)
        self.between_records = True
        self.start = 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        number, line = next(self._lines)
        while self.between_records and line.startswith("#"):
            number, line = next(self._lines)
        if self.between_records:
            self.start, self.between_records = number, False
        return line


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _miscounted(name: str, line: int, found: int, expected: int) -> UserError:
    commas = "; write numbers without a thousands comma, and quotes around text with commas" if found > expected else ""
    return UserError(f"{name}:{line}: expected {expected} fields, as in the header, found {found}{commas}")
