"""Policies that a key of a sweep does not change, such as a baseline that every run plays beside its own policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from econsim.sweep.effects import REPETITION, WHO

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALL", "without_copies"]

ALL = "all"


def without_copies(rows: pd.DataFrame, keys: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
    """Return the rows, once for each policy and key whose levels all give it the same values under every seed.

    Args:
        rows: one row per policy, response, point and seed.
        keys: the columns of the levels; where copies are dropped, the level becomes ``all``.
        values: the columns of the values.
    """
    import pandas as pd

    policies = [of_policy for _, of_policy in rows.groupby(WHO, sort=False)]
    return pd.concat([_merged(of_policy, keys, list(values)) for of_policy in policies], ignore_index=True)


def _merged(rows: pd.DataFrame, keys: Sequence[str], values: list[str]) -> pd.DataFrame:
    for key in keys:
        others = [name for name in keys if name != key]
        alike = rows.groupby([*others, REPETITION], sort=False, dropna=False)
        levels = rows[key].nunique(dropna=False)
        if levels > 1 and (alike.size() == levels).all() and (alike[values].nunique() == 1).to_numpy().all():
            rows = alike.head(1).assign(**{key: ALL})
    return rows
