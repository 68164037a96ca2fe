"""The metrics table: one value per row, written in parts while a run is in progress and merged when it ends.

Columns: ``run``, ``policy``, ``response`` (``exact``, ``learned``; empty while training), ``seed``, ``role``, ``step``,
``name``, ``value``. Names that begin with ``series/`` are metrics of flow accounts by step of the episode.
Each part is written under a temporary name and then renamed. A checkpoint records the number of parts, and a resumed
run drops the later ones, so that it writes the same rows as an uninterrupted run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from econsim.storage.files import appearing

__all__ = ["SERIES", "MetricRow", "MetricsWriter"]

_ROWS_A_GROUP = 65_536
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
        self.parts = len(self._paths())

    def add(self, row: MetricRow) -> None:
        """Add ``row`` to the next part."""
        self._waiting.append(row)
        if len(self._waiting) >= self._rows_a_part:
            self.flush()

    def flush(self) -> int:
        """Write the rows in memory as a new part; return the number of parts."""
        if self._waiting:
            self._folder.mkdir(parents=True, exist_ok=True)
            with appearing(self._folder / f"{self.parts + 1:05d}.parquet") as file:
                pq.write_table(_table(self._run, self._waiting), file)
            self._waiting.clear()
            self.parts += 1
        return self.parts

    def keep(self, parts: int) -> None:
        """Drop the rows in memory and every part after the first ``parts``."""
        self._waiting.clear()
        for path in self._paths()[parts:]:
            path.unlink()
        self.parts = min(self.parts, parts)

    def merge(self, path: Path) -> None:
        """Write all parts as the one file ``path``, in row groups of equal size."""
        self.flush()
        with appearing(path) as file:
            _write_groups(file, self._paths())

    def discard(self) -> None:
        """Remove the parts after they are merged."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self.parts = 0

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*.parquet"))


def _table(run: str, rows: list[MetricRow]) -> pa.Table:
    columns: list[Any] = [[run] * len(rows), *map(list, zip(*rows, strict=True))]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _write_groups(file: BinaryIO, paths: list[Path]) -> None:
    with pq.ParquetWriter(file, SCHEMA) as writer:
        for table in _regrouped(paths):
            writer.write_table(table, row_group_size=_ROWS_A_GROUP)


def _regrouped(paths: list[Path]) -> Iterator[pa.Table]:
    # Groups of equal size, independent of the sizes of the parts, make a resumed run write the same bytes.
    rest = SCHEMA.empty_table()
    for path in paths:
        rest = pa.concat_tables([rest, pq.read_table(path, schema=SCHEMA)])
        while rest.num_rows >= _ROWS_A_GROUP:
            yield rest.slice(0, _ROWS_A_GROUP)
            rest = rest.slice(_ROWS_A_GROUP)
    if rest.num_rows:
        yield rest
