"""The tables of a batch: like those of a run, with the number of the run in each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from econsim.runs.metrics_table import SCHEMA
from econsim.runs.scoring import Score
from econsim.storage.files import appearing

__all__ = ["ACCOUNTS", "METRICS", "write_scores"]

METRICS, ACCOUNTS = "metrics.parquet", "accounts.parquet"
METRICS_SCHEMA = SCHEMA.set(0, pa.field("run", pa.int64()))


def write_scores(folder: Path, found: Iterable[tuple[int, Sequence[Score]]]) -> None:
    """Write the metrics and accounts of runs, given by number with their scores.

    Raises:
        RunError: the disk is full.
    """
    rows: list[list[Any]] = [[] for _ in METRICS_SCHEMA]
    accounts: list[dict[str, Any]] = []
    for run, scores in found:
        for score in scores:
            count = len(score.metrics)
            same = [run, score.policy, score.response, score.seed, "", 0]
            for column, value in zip(rows, same, strict=False):
                column.extend([value] * count)
            rows[6].extend(score.metrics)
            rows[7].extend(score.metrics.values())
            if score.accounts:
                accounts.append(_players(run, score))
    if accounts:
        _write(folder / ACCOUNTS, _accounts_table(accounts))
    arrays = [pa.array(column, field.type) for column, field in zip(rows, METRICS_SCHEMA, strict=True)]
    _write(folder / METRICS, pa.Table.from_arrays(arrays, schema=METRICS_SCHEMA))


def _write(path: Path, table: pa.Table) -> None:
    with appearing(path) as file:
        pq.write_table(table, file)


def _players(run: int, score: Score) -> dict[str, Any]:
    players = max(len(values) for values in score.accounts.values())
    own = {name: values for name, values in score.accounts.items() if len(values) == players}
    return {"run": run, "policy": score.policy, "response": score.response, "seed": score.seed, "own": own}


def _accounts_table(parts: Sequence[dict[str, Any]]) -> pa.Table:
    """Return one table; parts with the same columns are joined before they become Arrow's."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for part in parts:
        alike.setdefault(tuple(part["own"]), []).append(part)
    tables = [_joined(names, members) for names, members in alike.items()]
    return pa.concat_tables(tables, promote_options="default")


def _joined(names: Sequence[str], parts: Sequence[dict[str, Any]]) -> pa.Table:
    counts = [len(next(iter(part["own"].values()))) for part in parts]
    columns: dict[str, Any] = {
        name: pa.array([part[name] for part in parts]).take(np.repeat(np.arange(len(parts)), counts))
        for name in ("run", "policy", "response", "seed")
    }
    columns["player"] = np.concatenate([np.arange(count) for count in counts])
    return pa.table(columns | {name: np.concatenate([part["own"][name] for part in parts]) for name in names})
