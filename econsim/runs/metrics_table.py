"""The metrics table: one value per row, written in parts while a run is in progress and merged when it ends.

Columns: ``run``, ``policy``, ``response`` (``exact``, ``learned``; empty while training), ``seed``, ``role``, ``step``,
``name``, ``value``. Names that begin with ``series/`` are metrics of flow accounts by step of the episode.
Each part is written under a temporary name and then renamed; its name holds its number and the first digits of its
SHA-256 checksum. A checkpoint records the number of parts, and a resumed run drops the later ones, so that it writes
the same rows as an uninterrupted run.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from econsim.errors import RunError
from econsim.storage.files import appearing

__all__ = ["SERIES", "MetricRow", "MetricsWriter", "read_part"]

_ROWS_A_GROUP = 65_536
_DIGITS = 16  # of a checksum: of 2^64 damaged parts, one would pass
SERIES = "series/"
SCHEMA = pa.schema(
    [
        ("run", pa.string()),
        ("policy", pa.string()),
        ("response", pa.string()),
        ("seed", pa.int64()),
        ("role", pa.string()),
        ("step", pa.int64()),
        ("name", pa.string()),
        ("value", pa.float64()),
    ]
)


class MetricRow(NamedTuple):
    """One value of a metric, with its name and the policy, response, seed, role and step that it belongs to."""

    policy: str
    response: str
    seed: int
    role: str
    step: int
    name: str
    value: float


class MetricsWriter:
    """Collects rows and writes them as numbered parts; at most ``rows_a_part`` rows are held in memory."""

    def __init__(self, folder: Path, run: str, rows_a_part: int = _ROWS_A_GROUP) -> None:
        self._folder = folder
        self._run = run
        self._rows_a_part = rows_a_part
        self._waiting: list[MetricRow] = []
        self.parts = max(self._paths(), default=0)

    def add(self, row: MetricRow) -> None:
        """Add ``row`` to the next part."""
        self._waiting.append(row)
        if len(self._waiting) >= self._rows_a_part:
            self.flush()

    def flush(self) -> int:
        """Write the rows in memory as a new part; return the number of parts."""
        if self._waiting:
            self._folder.mkdir(parents=True, exist_ok=True)
            content = io.BytesIO()
            pq.write_table(_table(self._run, self._waiting), content)
            with appearing(self._folder / f"{self.parts + 1:05d}-{_digits(content.getvalue())}.parquet") as file:
                file.write(content.getvalue())
            self._waiting.clear()
            self.parts += 1
        return self.parts

    def check(self) -> None:
        """Check that no part is missing or damaged.

        Raises:
            RunError: one is; the message names it.
        """
        self._check_complete(self.parts)
        for path in self._paths().values():
            read_part(path)

    def keep(self, parts: int) -> None:
        """Drop the rows in memory and every part after the first ``parts``.

        Raises:
            RunError: one of the first ``parts`` parts is missing.
        """
        self._waiting.clear()
        self._check_complete(parts)
        for number, path in reversed(self._paths().items()):
            if number > parts:
                path.unlink()
        self.parts = parts

    def merge(self, opened: AbstractContextManager[BinaryIO]) -> None:
        """Write all parts to the one file that the context manager opens, in row groups of equal size."""
        self.flush()
        with opened as file:
            _write_groups(file, self._paths().values())

    def discard(self) -> None:
        """Remove the parts after they are merged."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self.parts = 0

    def _check_complete(self, parts: int) -> None:
        missing = sorted({*range(1, parts + 1)} - self._paths().keys())
        if missing:
            raise RunError(
                f"{self._folder}: part {missing[0]:05d} of the metrics is missing; restore it from a copy, or run the"
                " scenario again"
            )

    def _paths(self) -> dict[int, Path]:
        """Return the parts by number, in ascending order."""
        paths = {int(path.stem.partition("-")[0]): path for path in self._folder.glob("[0-9]*.parquet")}
        return dict(sorted(paths.items()))


def read_part(path: Path) -> pa.Table:
    """Return the rows of a part; parts of older versions have no checksum in their names.

    Raises:
        FileNotFoundError: the run has removed the part meanwhile.
        RunError: the part is damaged.
    """
    content = path.read_bytes()
    digits = path.stem.partition("-")[2]
    try:
        if digits and digits != _digits(content):
            raise ValueError("its content does not match its checksum")
        return pq.read_table(io.BytesIO(content), schema=SCHEMA)
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path}: this part of the metrics is damaged ({error}); restore it from a copy, or run the scenario again"
        ) from error


def _digits(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def _table(run: str, rows: list[MetricRow]) -> pa.Table:
    columns: list[Any] = [[run] * len(rows), *map(list, zip(*rows, strict=True))]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _write_groups(file: BinaryIO, paths: Iterable[Path]) -> None:
    with pq.ParquetWriter(file, SCHEMA) as writer:
        for table in _regrouped(paths):
            writer.write_table(table, row_group_size=_ROWS_A_GROUP)


def _regrouped(paths: Iterable[Path]) -> Iterator[pa.Table]:
    # Groups of equal size, independent of the sizes of the parts, make a resumed run write the same bytes.
    rest = SCHEMA.empty_table()
    for path in paths:
        rest = pa.concat_tables([rest, read_part(path)])
        while rest.num_rows >= _ROWS_A_GROUP:
            yield rest.slice(0, _ROWS_A_GROUP)
            rest = rest.slice(_ROWS_A_GROUP)
    if rest.num_rows:
        yield rest
