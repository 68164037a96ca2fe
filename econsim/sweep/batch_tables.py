"""The tables of a batch: those of single runs with the number of the run in each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from econsim.runs.accounts import AccountBlock, write_accounts
from econsim.runs.metrics_table import SCHEMA
from econsim.runs.scoring import Score, rows_of
from econsim.storage.files import appearing

__all__ = ["ACCOUNTS", "METRICS", "write_scores"]

METRICS, ACCOUNTS = "metrics.parquet", "accounts.parquet"
METRICS_SCHEMA = SCHEMA.set(0, pa.field("run", pa.int64()))


def write_scores(folder: Path, found: Iterable[tuple[int, Sequence[Score]]]) -> None:
    """Write the metrics and accounts of runs, given as pairs of number and scores.

    Raises:
        RunError: the disk is full.
    """
    rows: list[tuple[Any, ...]] = []
    blocks: list[AccountBlock] = []
    for run, scores in found:
        for score in scores:
            rows += [(run, *row) for row in rows_of(score)]
            blocks += [block.labelled(run=run) for block in score.account_blocks]
    write_accounts(appearing(folder / ACCOUNTS), blocks)
    columns = zip(*rows, strict=True) if rows else [[] for _ in METRICS_SCHEMA]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, METRICS_SCHEMA, strict=True)]
    with appearing(folder / METRICS) as file:
        pq.write_table(pa.Table.from_arrays(arrays, schema=METRICS_SCHEMA), file)
