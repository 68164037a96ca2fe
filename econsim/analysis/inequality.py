"""Who has how much: Lorenz curves, deciles and the Gini coefficient of arrays ``[N]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from econsim.mechanisms import welfare

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["by_decile", "deciles", "gini", "lorenz_curve"]

Floats = NDArray[np.float64]


def gini(amount: ArrayLike, people: ArrayLike | None = None) -> float:
    """Return the exact Gini coefficient of ``amount`` ``[N]``; ``people`` ``[N]`` are weights, one each by default."""
    values, mass = arrays(amount, people)
    return float(welfare.gini(torch.as_tensor(values), torch.as_tensor(mass)))


def lorenz_curve(amount: ArrayLike, people: ArrayLike | None = None) -> pd.DataFrame:
    """Return the Lorenz curve of ``amount`` ``[N]``: ``population_share`` and ``amount_share``, from (0, 0) to (1, 1).

    The total must be positive; the curve of amounts below zero dips under the axis.
    """
    import pandas as pd

    values, mass = arrays(amount, people)
    order = np.argsort(values, kind="stable")
    population = np.concatenate([[0.0], mass[order].cumsum()])
    held = np.concatenate([[0.0], (mass * values)[order].cumsum()])
    return pd.DataFrame({"population_share": population / population[-1], "amount_share": held / held[-1]})


def deciles(rank_by: ArrayLike, people: ArrayLike | None = None) -> NDArray[np.int64]:
    """Return the decile of every person, 1 (the lowest tenth) to 10, ``[N]``, by the middle of the person's rank."""
    values, mass = arrays(rank_by, people)
    order = np.argsort(values, kind="stable")
    middle = np.empty_like(values)
    middle[order] = (mass[order].cumsum() - 0.5 * mass[order]) / mass.sum()
    return (10 * middle).astype(np.int64) + 1


def by_decile(amount: ArrayLike, rank_by: ArrayLike | None = None, people: ArrayLike | None = None) -> pd.DataFrame:
    """Return ``mean`` amount a head and ``share`` of the total, by ``decile`` of ``rank_by``, or of the amount."""
    import pandas as pd

    values, mass = arrays(amount, people)
    tenth = deciles(values if rank_by is None else rank_by, mass)
    sums = pd.DataFrame({"mass": mass, "held": mass * values}).groupby(pd.Index(tenth, name="decile")).sum()
    share = sums["held"] / sums["held"].sum()
    return pd.DataFrame({"mean": sums["held"] / sums["mass"], "share": share}).reset_index()


def arrays(amount: Any, people: Any = None) -> tuple[Floats, Floats]:
    """Return amounts and how many people each stands for, ``[N]`` float64 each, from arrays or tensors."""
    values = np.asarray(amount, dtype=np.float64)
    return values, np.ones_like(values) if people is None else np.asarray(people, dtype=np.float64)
