"""SQL queries of the tables of a sweep with DuckDB: ``runs``, ``metrics`` and ``accounts``, with the key ``run``.

DuckDB reads the tables through pyarrow and has no access to files of its own, so no statement can change the sweep.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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


def query(folder: Path, sql: str) -> pd.DataFrame:
    """Return the result of one ``SELECT`` statement.

    Raises:
        UserError: DuckDB is not installed, the statement is invalid, or it is not one ``SELECT`` statement.
    """
    try:
        import duckdb
    except ImportError:
        raise UserError("queries need DuckDB; install it with: pip install 'econsim[query]'") from None
    from pyarrow import dataset  # type: ignore[import-untyped]

    with duckdb.connect(":memory:", config=_LOCKED) as connection:
        for table in TABLES:
            path = folder / f"{table}.parquet"
            if path.is_file():
                connection.register(table, dataset.dataset(path))
        try:
            _check_reads_only(connection, sql)
            result: pd.DataFrame = connection.execute(sql).df()
        except duckdb.PermissionException:
            raise UserError(_refusal("uses files")) from None
        except duckdb.Error as error:
            raise UserError(f"query: {error}") from None
    return result


def _check_reads_only(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    kinds = [statement.type.name for statement in connection.extract_statements(sql)]
    if kinds != ["SELECT"]:
        raise UserError(_refusal(f"is {', '.join(kinds) or 'empty'}"))


def _refusal(reason: str) -> str:
    return (
        f"query: expected one SELECT statement of the tables {', '.join(TABLES)}; this one {reason}, and queries change"
        " no file; save a result with --csv FILE"
    )
