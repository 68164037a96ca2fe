"""Rankings of policies under several welfare functions, and how often they change between seeds.

A table has one row per policy and one column per welfare function, as :func:`econsim.analysis.welfare.welfare_table`
returns it; higher values are better. Columns with a missing value are left out of comparisons that need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from econsim.analysis.inequality import Floats
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["best_by_function", "disagreement", "flips", "rankings"]


def rankings(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rank of each policy under each welfare function, 1 is the best; ties share the better rank."""
    return table.rank(ascending=False, method="min")


def disagreement(table: pd.DataFrame) -> pd.DataFrame:
    """Return for two welfare functions the share of pairs of policies that they order oppositely, function by function.

    Kendall's distance: zero where they agree, one where one ranking is the reverse of the other. A tie agrees
    with both.

    Raises:
        UserError: fewer than two policies.
    """
    import pandas as pd

    signs = _signs(table)
    opposite = np.array([[_share_opposite(one, other) for other in signs.T] for one in signs.T])
    return pd.DataFrame(opposite, index=table.columns, columns=table.columns)


def best_by_function(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the share of tables (one per seed) in which each policy is the best, policies by welfare functions.

    Ties are shared equally. Missing where a function has no value in any table.

    Raises:
        UserError: no table, or tables of different policies or functions.
    """
    import pandas as pd

    _check(tables)
    shares = []
    for table in tables:
        first = (rankings(table) == 1).astype(float)
        complete = table.notna().all()
        shares.append((first / first.sum()).where(complete, axis="columns"))
    stacked = np.stack([share.to_numpy() for share in shares])
    counted = np.isfinite(stacked).sum(0)
    held = np.divide(np.nansum(stacked, 0), counted, out=np.full(counted.shape, np.nan), where=counted > 0)
    return pd.DataFrame(held, index=tables[0].index, columns=tables[0].columns)


def flips(tables: Sequence[pd.DataFrame]) -> pd.Series[float]:
    """Return by welfare function how often the order of two policies changes between seeds.

    The share of pairs of policies and tables (one per seed) whose order is opposite to that of the means over tables:
    zero where every seed gives the same ranking.

    Raises:
        UserError: no table, or tables of different policies or functions, or fewer than two policies.
    """
    import pandas as pd

    _check(tables)
    overall = _signs(pd.DataFrame(np.mean([table.to_numpy() for table in tables], 0)))
    each = [_signs(table) for table in tables]
    shares = [
        _share_opposite(np.tile(overall[:, place], len(each)), np.concatenate([signs[:, place] for signs in each]))
        for place in range(overall.shape[1])
    ]
    return pd.Series(shares, index=tables[0].columns, name="flips")


def _signs(table: pd.DataFrame) -> Floats:
    """Return which of each pair of policies is better, ``[pairs, functions]`` of -1, 0 and 1."""
    if len(table) < 2:
        raise UserError(f"a ranking needs two policies or more, found {len(table)}")
    values = table.to_numpy(dtype=np.float64)
    return np.array([np.sign(values[one] - values[other]) for one, other in combinations(range(len(table)), 2)])


def _share_opposite(one: Floats, other: Floats) -> float:
    finite = np.isfinite(one) & np.isfinite(other)
    return float((one[finite] * other[finite] < 0).mean()) if finite.any() else float("nan")


def _check(tables: Sequence[pd.DataFrame]) -> None:
    if not tables or any(
        not (table.index.equals(tables[0].index) and table.columns.equals(tables[0].columns)) for table in tables
    ):
        raise UserError("expected at least one table, all with the same policies and welfare functions")
