"""Groups of people by rank, with their means and shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from econsim.analysis.inequality.samples import checked

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["by_decile", "by_group", "deciles", "quantile_groups"]


def quantile_groups(rank_by: ArrayLike, count: int, people: ArrayLike | None = None) -> NDArray[np.int64]:
    """Return the group of every person, 1 (the lowest) to ``count``, ``[N]``, by the midpoint of the person's rank.

    People with the same value share one rank, and so one group; many equal values leave groups empty.

    Raises:
        UserError: as :func:`~econsim.analysis.inequality.samples.checked`.
    """
    values, mass = checked(rank_by, people, "rank_by")
    distinct, entry = np.unique(values, return_inverse=True)
    tied = np.bincount(entry, weights=mass, minlength=len(distinct))
    middle = (tied.cumsum() - 0.5 * tied) / mass.sum()
    # The midpoint of an entry of weight zero can be one.
    group: NDArray[np.int64] = np.minimum((count * middle).astype(np.int64) + 1, count)
    return group[entry]


def deciles(rank_by: ArrayLike, people: ArrayLike | None = None) -> NDArray[np.int64]:
    """Return the decile of every person, 1 (the lowest tenth) to 10, ``[N]``, by the midpoint of the person's rank."""
    return quantile_groups(rank_by, 10, people)


def by_group(amount: ArrayLike, group: Any, people: ArrayLike | None = None, name: str = "group") -> pd.DataFrame:
    """Return ``mean`` per person and ``share`` of the total by ``group`` ``[N]`` (any labels), in a column ``name``.

    ``people_share`` is the share of people in each group.
    """
    import pandas as pd

    values, mass = checked(amount, people)
    sums = pd.DataFrame({"mass": mass, "held": mass * values}).groupby(pd.Index(group, name=name)).sum()
    table = {
        "people_share": sums["mass"] / sums["mass"].sum(),
        "mean": sums["held"] / sums["mass"],
        "share": sums["held"] / sums["held"].sum(),
    }
    return pd.DataFrame(table).reset_index()


def by_decile(amount: ArrayLike, rank_by: ArrayLike | None = None, people: ArrayLike | None = None) -> pd.DataFrame:
    """Return ``mean`` amount per person and ``share`` of the total, by ``decile`` of ``rank_by``, or of the amount."""
    values, mass = checked(amount, people)
    tenth = deciles(values if rank_by is None else rank_by, mass)
    return by_group(values, tenth, mass, "decile").drop(columns="people_share")
