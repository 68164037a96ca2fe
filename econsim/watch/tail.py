"""Metrics of a run in progress: the rows that its training has written so far."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from econsim.runs.folder import Run
from econsim.watch.discovery import signature

__all__ = ["measures", "training_metrics"]

COLUMNS = ["policy", "response", "seed", "role", "step", "name", "value"]
RATES = "audit/rate_"


def training_metrics(run: Run) -> pd.DataFrame:
    """Return the training metrics of a finished or unfinished run: ``policy, seed, role, step, name, value``."""
    return _read(run.path, signature(run))


def measures(run: Run) -> list[str]:
    """Return the measures that can be drawn over training, ``name`` or ``name, role``, the most important first."""
    pairs = training_metrics(run)[["name", "role"]].drop_duplicates()
    names = [f"{name}, {role}" if role else str(name) for name, role in pairs.itertuples(index=False)]
    return sorted((name for name in names if not name.startswith(RATES)), key=lambda name: (_rank(name), name))


def rows_of(metrics: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the rows of a measure."""
    name, _, role = measure.partition(", ")
    return metrics[(metrics["name"] == name) & (metrics["role"] == role)]


@lru_cache(maxsize=32)
def _read(path: Path, _: str) -> pd.DataFrame:
    """Read the metrics; a part that disappears while it is read has been merged into the file of all metrics."""
    whole = path / "metrics.parquet"
    if whole.is_file():
        return _training(pd.read_parquet(whole, columns=COLUMNS))
    try:
        parts = [pd.read_parquet(part, columns=COLUMNS) for part in sorted((path / "metrics.parts").glob("*.parquet"))]
    except FileNotFoundError:
        return _training(pd.read_parquet(whole, columns=COLUMNS)) if whole.is_file() else pd.DataFrame(columns=COLUMNS)
    return _training(pd.concat(parts)) if parts else pd.DataFrame(columns=COLUMNS)


def _training(metrics: pd.DataFrame) -> pd.DataFrame:
    return metrics[metrics["response"] == ""].drop(columns="response")


def _rank(measure: str) -> int:
    order = ("audit/exact_return", "audit/learned_return", "training/return", "play/welfare", "play/")
    return next((rank for rank, prefix in enumerate(order) if measure.startswith(prefix)), len(order))
