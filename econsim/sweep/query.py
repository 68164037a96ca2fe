"""SQL queries of the tables of a sweep with DuckDB: ``runs``, ``metrics`` and ``accounts``, with the key ``run``.

As in pandas, ``metrics`` and ``accounts`` have a column for each key that the sweep varies.
DuckDB reads the tables through pyarrow and has no access to files of its own, so no statement can change the sweep.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.errors import UserError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

__all__ = ["query"]

TABLES = ("runs", "metrics", "accounts")
_LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "lock_configuration": True,
}


def query(folder: Path, sql: str, keys: Sequence[str]) -> pd.DataFrame:
    """Return the result of one ``SELECT`` statement; ``keys`` are those that the sweep varies.

    Raises:
        UserError: DuckDB is not installed, the statement is invalid, or it is not one ``SELECT`` statement.
    """
    try:
        import duckdb
    except ImportError:
        raise UserError("queries need DuckDB; install it with: pip install 'econsim[query]'") from None
    from pyarrow import dataset  # type: ignore[import-untyped]

    with duckdb.connect(":memory:", config=_LOCKED) as connection:
        paths = {table: folder / f"{table}.parquet" for table in TABLES}
        for table, path in paths.items():
            if path.is_file():
                _add(connection, table, dataset.dataset(path), keys)
        try:
            _check_reads_only(connection, sql)
            result: pd.DataFrame = connection.execute(sql).df()
        except duckdb.PermissionException:
            raise UserError(_refusal("uses files")) from None
        except duckdb.Error as error:
            raise UserError(f"query: {error}") from None
    return result


def _add(connection: duckdb.DuckDBPyConnection, table: str, rows: Any, keys: Sequence[str]) -> None:
    """Add a table; one of results with the keys that it lacks, from the table of runs, which is added first."""
    new_keys = [key for key in keys if key not in rows.schema.names]
    if not new_keys:
        connection.register(table, rows)
        return
    connection.register(f"{table}_without_keys", rows)
    columns = ", ".join(f'runs."{key.replace(chr(34), chr(34) * 2)}"' for key in new_keys)
    joined = f"{table}_without_keys results left join runs using (run)"
    connection.execute(f"create view {table} as select results.*, {columns} from {joined}")


def _check_reads_only(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    kinds = [statement.type.name for statement in connection.extract_statements(sql)]
    if kinds != ["SELECT"]:
        raise UserError(_refusal(f"is {', '.join(kinds) or 'empty'}"))


def _refusal(reason: str) -> str:
    return (
        f"query: expected one SELECT statement of the tables {', '.join(TABLES)}; this one {reason}, and queries change"
        " no file; save a result with --csv FILE"
    )
