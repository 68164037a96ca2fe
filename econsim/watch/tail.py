"""Metrics of a run in progress: the rows that its training has written so far."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from econsim.errors import EconsimError
from econsim.runs.folder import Run
from econsim.runs.metrics_table import read_part
from econsim.watch.discovery import signature

__all__ = ["is_return", "measures", "problem_of", "training_metrics"]

COLUMNS = ["policy", "response", "seed", "role", "step", "name", "value"]
RATES = "audit/rate_"
_RETURNS = ("audit/exact_return", "audit/learned_return", "training/return")


def training_metrics(run: Run) -> pd.DataFrame:
    """Return the training metrics of a finished or unfinished run: ``policy, seed, role, step, name, value``.

    Raises:
        RunError: a table is damaged.
    """
    return _read(run.path, signature(run))


def measures(run: Run) -> list[str]:
    """Return the measures that can be drawn over training, ``name`` or ``name, role``, the most important first."""
    pairs = training_metrics(run)[["name", "role"]].drop_duplicates()
    names = [f"{name}, {role}" if role else str(name) for name, role in pairs.itertuples(index=False)]
    return sorted((name for name in names if not name.startswith(RATES)), key=lambda name: (_rank(name), name))


def is_return(measure: str) -> bool:
    """Return whether a measure is the return of a role in training or in an audit of it."""
    return _rank(measure) < len(_RETURNS)


def rows_of(metrics: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the rows of a measure."""
    name, _, role = measure.partition(", ")
    return metrics[(metrics["name"] == name) & (metrics["role"] == role)]


def problem_of(run: Run) -> str | None:
    """Return the reason why the results of a run cannot be shown; ``None`` if they can."""
    try:
        if run.finished:
            _ = run.summary
        training_metrics(run)
    except EconsimError as error:
        return str(error)
    return None


@lru_cache(maxsize=32)
def _read(path: Path, _: str) -> pd.DataFrame:
    """Read the metrics; a part that disappears while it is read has been merged into the file of all metrics."""
    if (path / "metrics.parquet").is_file():
        return _training(Run(path).metrics)
    try:
        parts = [read_part(part).to_pandas() for part in sorted((path / "metrics.parts").glob("*.parquet"))]
    except FileNotFoundError:
        return _training(Run(path).metrics) if (path / "metrics.parquet").is_file() else pd.DataFrame(columns=COLUMNS)
    return _training(pd.concat(parts)) if parts else pd.DataFrame(columns=COLUMNS)


def _training(metrics: pd.DataFrame) -> pd.DataFrame:
    return metrics.loc[metrics["response"] == "", COLUMNS].drop(columns="response")


def _rank(measure: str) -> int:
    order = (*_RETURNS, "play/welfare", "play/")
    return next((rank for rank, prefix in enumerate(order) if measure.startswith(prefix)), len(order))
