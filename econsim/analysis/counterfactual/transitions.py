"""Transition matrices between classes of people, and indices of mobility."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, quantile_groups, sample
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["mobility", "transition_matrix"]


def transition_matrix(
    before: ArrayLike,
    after: ArrayLike,
    classes: int | ArrayLike = 5,
    people: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return the shares of each class before (rows) that are in each class after (columns); rows sum to one.

    Args:
        before: ``[N]``, for example incomes under the baseline, or in the first period.
        after: ``[N]``, the same people under the reform, or later.
        classes: the number of classes of equal size, by rank on each side; or the lower bounds of all classes but the
            first, the same on both sides.
        people: ``[N]`` weights, one each if not given.

    Raises:
        UserError: not the same people, or fewer than two classes.
    """
    import pandas as pd

    if np.shape(before) != np.shape(after):
        raise UserError(f"expected the same people before and after, found {np.size(before)} and {np.size(after)}")
    (had, mass), (has, _) = sample(before, people, "before"), sample(after, people, "after")
    edges = None if isinstance(classes, int) else np.asarray(classes, dtype=np.float64)
    count = int(classes) if isinstance(classes, int) else len(np.atleast_1d(classes)) + 1
    if count < 2:
        raise UserError(f"classes: expected two or more, found {count}")
    places = [_places(values, mass, count, edges) for values in (had, has)]
    moved = np.zeros((count, count))
    np.add.at(moved, (places[0], places[1]), mass)
    names = pd.RangeIndex(1, count + 1)
    there = moved.sum(1, keepdims=True)
    shares = np.divide(moved, there, out=np.full_like(moved, np.nan), where=there > 0)
    return pd.DataFrame(shares, index=names.rename("before"), columns=names.rename("after"))


def mobility(matrix: pd.DataFrame) -> float:
    r"""Return $(C - \text{trace}) / (C - 1)$ of a transition matrix, an index of mobility.

    Zero where nobody moves, one where the class after is independent of the class before.

    Source: Shorrocks 1978, "The measurement of mobility".
    """
    count = len(matrix)
    return float((count - np.trace(matrix.to_numpy())) / (count - 1))


def _places(
    values: Floats, mass: Floats, count: int, edges: Floats | None
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if edges is None:
        return quantile_groups(values, count, mass) - 1
    return np.searchsorted(edges, values, side="right").astype(np.int64)
