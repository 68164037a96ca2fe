"""The metrics of a run while it goes on: what its training has written so far."""

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
    """Return the rows ``policy, seed, role, step, name, value`` that training wrote, also of an unfinished run."""
    return _read(run.path, signature(run))


def measures(run: Run) -> list[str]:
    """Return what can be drawn over training, ``name`` or ``name, role``, what matters most first."""
    found = training_metrics(run)[["name", "role"]].drop_duplicates()
    known = [f"{name}, {role}" if role else str(name) for name, role in found.itertuples(index=False)]
    return sorted((name for name in known if not name.startswith(RATES)), key=lambda name: (_weight(name), name))


def chosen(metrics: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the rows of a measure."""
    name, _, role = measure.partition(", ")
    return metrics[(metrics["name"] == name) & (metrics["role"] == role)]


@lru_cache(maxsize=32)
def _read(path: Path, _: str) -> pd.DataFrame:
    """Read what is there; a part that is merged away in between is in the merged file."""
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


def _weight(measure: str) -> int:
    order = ("audit/exact_return", "audit/learned_return", "training/return", "play/welfare", "play/")
    return next((place for place, start in enumerate(order) if measure.startswith(start)), len(order))
