"""SQL queries of the tables of a sweep with DuckDB: ``runs``, ``metrics`` and ``accounts``, with the key ``run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["query"]

TABLES = ("runs", "metrics", "accounts")


def query(folder: Path, sql: str) -> pd.DataFrame:
    """Return the result of one read-only SQL statement.

    Raises:
        UserError: DuckDB is not installed, or the statement is invalid.
    """
    try:
        import duckdb
    except ImportError:
        raise UserError("queries need DuckDB; install it with: pip install 'econsim[query]'") from None
    with duckdb.connect(":memory:") as connection:
        for table in TABLES:
            path = folder / f"{table}.parquet"
            if path.is_file():
                name = str(path).replace("'", "''")
                connection.execute(f"create view {table} as select * from read_parquet('{name}')")
        # Statements may read files of the sweep only.
        connection.execute(f"set allowed_directories = ['{str(folder).replace(chr(39), chr(39) * 2)}']")
        connection.execute("set enable_external_access = false")
        try:
            result: pd.DataFrame = connection.execute(sql).df()
        except duckdb.Error as error:
            raise UserError(f"query: {error}") from None
    return result
