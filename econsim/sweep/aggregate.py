"""The tables of a sweep, collected from its runs and batches: runs, metrics and accounts.

Results are read unit by unit and are never all held at once, so that memory use does not grow with the sweep. The
tables are identical byte for byte, no matter how often the sweep was interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from econsim.storage.files import appearing
from econsim.sweep.batch_tables import ACCOUNTS, METRICS, METRICS_SCHEMA
from econsim.sweep.index import DONE, Index, Record
from econsim.sweep.storage import Place
from econsim.sweep.tasks import batch_name, run_name

__all__ = ["RUNS", "collect", "metrics_of"]

RUNS = "runs.parquet"
_ROWS_A_GROUP = 65_536
Piece = tuple[str, int | None]


def collect(folder: Path, index: Index, place: Place) -> None:
    """Write the tables of all runs that are done.

    Raises:
        RunError: the disk is full, or the results of a unit are missing.
    """
    pieces = _pieces(index.records())
    _write(folder / METRICS, METRICS_SCHEMA, (_read(place, piece, METRICS) for piece in pieces))
    with_accounts = [piece for piece in pieces if place.has(f"{piece[0]}/{ACCOUNTS}")]
    if with_accounts:
        schema = pa.unify_schemas([_schema(place, piece) for piece in with_accounts], promote_options="permissive")
        _write(folder / ACCOUNTS, schema, (_read(place, piece, ACCOUNTS) for piece in with_accounts))
    _write_runs(folder / RUNS, list(index.records()))


def metrics_of(index: Index, place: Place, run: int) -> pa.Table:
    """Return the metrics of one run that is done.

    Raises:
        RunError: the run is not done, or its file is missing.
    """
    (piece,) = _pieces([index.record(run)]) or [(run_name(run), run)]
    table = _read(place, piece, METRICS)
    return table.filter(pc.equal(table.column("run"), run))


def _pieces(records: Iterable[Record]) -> list[Piece]:
    """Return the folders of results, each with the number of its run if it holds a single one, or with ``None``."""
    pieces: dict[int, Piece] = {}
    for record in records:
        if record.state == DONE:
            single = (run_name(record.number), record.number)
            pieces.setdefault(record.unit, (batch_name(record.unit), None) if record.packed else single)
    return list(pieces.values())


def _schema(place: Place, piece: Piece) -> pa.Schema:
    with place.reading(f"{piece[0]}/{ACCOUNTS}") as file:
        schema = pq.read_schema(file).remove_metadata()
    return schema if piece[1] is None else schema.insert(0, pa.field("run", pa.int64()))


def _read(place: Place, piece: Piece, name: str) -> pa.Table:
    with place.reading(f"{piece[0]}/{name}") as file:
        table = pq.ParquetFile(file).read()
    if piece[1] is None:
        return table
    numbers = pa.array([piece[1]] * table.num_rows, pa.int64())
    return table.set_column(0, "run", numbers) if "run" in table.column_names else table.add_column(0, "run", numbers)


def _write(path: Path, schema: pa.Schema, tables: Iterator[pa.Table]) -> None:
    with appearing(path) as file, pq.ParquetWriter(file, schema) as writer:
        for table in _regrouped(schema, tables):
            writer.write_table(table, row_group_size=_ROWS_A_GROUP)


def _regrouped(schema: pa.Schema, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(_fitted(schema, table))
        rows += table.num_rows
        if rows >= _ROWS_A_GROUP:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    if rows:
        yield pa.concat_tables(waiting)


def _fitted(schema: pa.Schema, table: pa.Table) -> pa.Table:
    """Return a table with the columns of a schema; columns that the table lacks are filled with nulls."""
    columns = [
        table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _write_runs(path: Path, records: Sequence[Record]) -> None:
    keys = list(dict.fromkeys(key for record in records for key in record.levels))
    columns: dict[str, Any] = {
        "run": pa.array([record.number for record in records], pa.int64()),
        "state": [record.state for record in records],
        **{key: _level_column([record.levels.get(key) for record in records]) for key in keys},
        "error": pa.array([record.error for record in records], pa.string()),
    }
    with appearing(path) as file:
        pq.write_table(pa.table(columns), file)


def _level_column(values: Sequence[Any]) -> pa.Array:
    """Return the levels as numbers if all of them are numbers, otherwise as text."""
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        whole = all(isinstance(value, int) for value in values)
        return pa.array(values if whole else [float(value) for value in values])
    return pa.array([value if isinstance(value, str) else json.dumps(value) for value in values], pa.string())
