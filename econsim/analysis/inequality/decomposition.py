"""Decomposition of inequality into parts between and within groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality.indices import generalised_entropy
from econsim.analysis.inequality.samples import sample
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["between_within"]


def between_within(
    amount: ArrayLike, group: Any, people: ArrayLike | None = None, alpha: float = 1.0
) -> tuple[pd.DataFrame, pd.Series[float]]:
    r"""Decompose generalised entropy (Theil's index by default) exactly by group.

    Total = between + within: between is the index if everybody had the mean of their group, within the sum of
    $p \, (m_g / m)^\alpha$ times the index of each group, where $p$ is its share of people and $m_g$ its mean.
    Source: Shorrocks 1980.

    Args:
        amount: ``[N]``.
        group: ``[N]``, labels.
        people: ``[N]`` weights, one each if not given.
        alpha: of :func:`generalised_entropy`.

    Returns:
        One row per group with ``people_share``, ``mean``, ``index`` and ``within`` (its part of the total); and
        ``total``, ``between`` and ``within``.

    Raises:
        UserError: not one label per person.
    """
    import pandas as pd

    labels = np.asarray(group)
    if labels.shape != np.shape(amount):
        raise UserError(f"group: expected one label per person, found {labels.size} for {np.size(amount)}")
    values, mass = sample(amount, people)
    labels = labels if people is None else labels[np.asarray(people) > 0]
    parts = {label: labels == label for label in np.unique(labels)}
    share = np.array([mass[there].sum() for there in parts.values()])
    means = np.array([np.average(values[there], weights=mass[there]) for there in parts.values()])
    index = np.array([generalised_entropy(values[there], alpha, mass[there]) for there in parts.values()])
    # A group that has nothing has no index of its own; at a positive alpha it adds nothing to the total.
    counted = (means > 0) | (alpha <= 0)
    within = np.where(counted, share * (means / (share @ means)) ** alpha * index, 0.0)
    between = generalised_entropy(means, alpha, share)
    columns = {"people_share": share, "mean": means, "index": index, "within": within}
    table = pd.DataFrame(columns, index=pd.Index(parts, name="group")).reset_index()
    total = {"total": generalised_entropy(values, alpha, mass), "between": between, "within": within.sum()}
    return table, pd.Series(total)
