"""Means of a sweep with intervals over its seeds: by point, and by level of each key as main effects.

A *point* is a combination of levels of the varying keys other than ``seed``. The points of one seed have its random
draws in common and are not independent, so that only seeds are counted as repetitions: a main effect is the mean over
points for each seed, and its interval is over these means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from econsim.analysis.counterfactual import paired_difference
from econsim.analysis.statistics import mean_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REPETITION", "WHO", "effects_of", "interval_of", "means_of"]

WHO = ["policy", "response"]
REPETITION = "repetition"
"""The column with the seed of a run, or the training seed where the sweep does not vary ``seed``."""
_UNBALANCED = "none: some points lack some of the seeds"


def means_of(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return one row per policy, response and point: the number of ``seeds``, ``mean``, and its interval over seeds."""
    import pandas as pd

    by = [*WHO, *keys]
    groups = rows.groupby(by, sort=False, dropna=False)
    return pd.DataFrame(
        [{**dict(zip(by, levels, strict=True)), **interval_of(group["value"])} for levels, group in groups]
    )


def effects_of(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return one row per key, level, policy and response: means over the points with that level.

    Columns as :func:`means_of`, with the number of ``points``, and ``difference`` from the key's first level with its
    interval, paired by seed (``difference_low``, ``difference_high``, ``difference_interval``).
    """
    import pandas as pd

    return pd.DataFrame([row for key in keys for row in _of_key(rows, key, [name for name in keys if name != key])])


def _of_key(rows: pd.DataFrame, key: str, others: list[str]) -> list[dict[str, Any]]:
    effects = []
    for who, of_policy in rows.groupby(WHO, sort=False):
        first = None
        for level, at_level in of_policy.groupby(key, sort=False, dropna=False):
            first = at_level if first is None else first
            by_seed = _by_seed(at_level, others)
            points = at_level.drop_duplicates(others).shape[0] if others else 1
            labels = {"key": key, "level": level, **dict(zip(WHO, who, strict=True)), "points": points}
            mean = _unbalanced(at_level) if by_seed is None else interval_of(by_seed["value"])
            effects.append({**labels, **mean, **_difference(first, at_level, others)})
    return effects


def _by_seed(rows: pd.DataFrame, others: list[str]) -> pd.DataFrame | None:
    """Return the mean over points of each seed, or ``None`` where a point lacks a seed."""
    if others and (rows.groupby(others, dropna=False)[REPETITION].nunique() < rows[REPETITION].nunique()).any():
        return None
    return rows.groupby(REPETITION, sort=False)["value"].mean().reset_index()


def interval_of(values: Iterable[float]) -> dict[str, Any]:
    """Return the number of ``seeds``, ``mean``, ``low``, ``high`` and ``interval``, as columns of a table."""
    interval = mean_interval(values)
    return {
        "seeds": interval.count,
        "mean": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "interval": interval.method,
    }


def _unbalanced(rows: pd.DataFrame) -> dict[str, Any]:
    seeds, mean = rows[REPETITION].nunique(), float(rows["value"].mean())
    return {"seeds": seeds, "mean": mean, "low": None, "high": None, "interval": _UNBALANCED}


def _difference(first: pd.DataFrame, rows: pd.DataFrame, others: list[str]) -> dict[str, Any]:
    """Return the difference between two levels, from the points and seeds that both have."""
    names = ("difference", "difference_low", "difference_high", "difference_interval")
    both = first.merge(rows, on=[*others, REPETITION], suffixes=("_first", ""))
    if first is rows or both.empty:
        return dict.fromkeys(names)
    if _by_seed(both, others) is None:
        return dict(
            zip(names, (float((both["value"] - both["value_first"]).mean()), None, None, _UNBALANCED), strict=True)
        )
    sides = both.groupby(REPETITION, sort=False)[["value_first", "value"]].mean()
    paired = paired_difference(sides["value_first"], sides["value"])
    return dict(zip(names, (paired.difference, paired.low, paired.high, paired.method), strict=True))
