"""Winners and losers of a reform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from econsim.analysis.inequality import Floats, arrays, sample
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Shares", "better_and_worse", "gains_by_group", "winners_and_losers"]

_LEAST = 1e-6  # share of the amount before: the smallest change that counts


class Shares(NamedTuple):
    """Shares of people who gain, who lose, and for whom nothing changes."""

    winners: float
    losers: float
    unchanged: float


def winners_and_losers(
    before: ArrayLike, after: ArrayLike, people: ArrayLike | None = None, least: float = _LEAST
) -> Shares:
    """Return the shares of people who have more and less of an amount ``[N]`` (utility, consumption) after a reform.

    Args:
        before: ``[N]`` under the baseline.
        after: ``[N]``, the same people under the reform.
        people: ``[N]`` weights, one each if not given.
        least: the smallest change that counts, as a share of the amount before.

    Raises:
        UserError: not the same people.
    """
    had, has, mass = _aligned(before, after, people)
    better, worse = better_and_worse(had, has, least)
    winners, losers = float(mass[better].sum()), float(mass[worse].sum())
    return Shares(winners, losers, max(0.0, 1.0 - winners - losers))


def gains_by_group(
    before: ArrayLike,
    after: ArrayLike,
    group: Any,
    people: ArrayLike | None = None,
    least: float = _LEAST,
    name: str = "group",
) -> pd.DataFrame:
    """Return one row per ``group`` ``[N]`` (any labels, in a column ``name``).

    Columns: ``before`` and ``after``, means per person; ``gain``; ``gain_share`` of the mean before; ``winners`` and
    ``losers``, shares of its people as in :func:`winners_and_losers`.
    """
    import pandas as pd

    had, has, mass = _aligned(before, after, people)
    better, worse = better_and_worse(had, has, least)
    labels = np.asarray(group) if people is None else np.asarray(group)[np.asarray(people) > 0]
    columns = {"before": had, "after": has, "gain": has - had, "winners": better, "losers": worse}
    held = pd.DataFrame(columns).astype(float).mul(mass, axis="index").assign(mass=mass)
    sums = held.groupby(pd.Index(labels, name=name)).sum()
    table = sums.drop(columns="mass").div(sums["mass"], axis="index")
    table.insert(3, "gain_share", table["gain"] / table["before"].where(table["before"] != 0))
    return table.reset_index()


def better_and_worse(
    before: Floats, after: Floats, least: float = _LEAST
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return who has more and who has less of an amount ``[N]`` after a reform, as in :func:`winners_and_losers`."""
    gain, noise = after - before, least * np.abs(before)
    return gain > noise, gain < -noise


def _aligned(before: ArrayLike, after: ArrayLike, people: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return amounts before and after, and shares of the population, ``[N]`` each, of the people with weights."""
    if arrays(before)[0].shape != arrays(after)[0].shape:
        raise UserError(f"expected the same people before and after, found {np.size(before)} and {np.size(after)}")
    had, mass = sample(before, people, "before")
    return had, sample(after, people, "after")[0], mass
