"""SQL over the tables of a sweep, by DuckDB: ``runs``, ``metrics`` and ``accounts``, joined by the column ``run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["query"]

TABLES = ("runs", "metrics", "accounts")


def query(folder: Path, sql: str) -> pd.DataFrame:
    """Return the answer of one statement that reads.

    Raises:
        UserError: DuckDB is not installed, or the statement is wrong.
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
        # A statement reads the sweep and nothing else of this machine.
        connection.execute(f"set allowed_directories = ['{str(folder).replace(chr(39), chr(39) * 2)}']")
        connection.execute("set enable_external_access = false")
        try:
            answer: pd.DataFrame = connection.execute(sql).df()
        except duckdb.Error as error:
            raise UserError(f"query: {error}") from None
    return answer
