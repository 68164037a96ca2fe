"""Indices of inequality: one number per weighted sample ``[N]``, zero where everybody has the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from econsim.analysis.inequality.lorenz import share_below
from econsim.analysis.inequality.samples import Floats, arrays, sample
from econsim.errors import UserError
from econsim.mechanisms import welfare

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "INDICES",
    "atkinson_index",
    "generalised_entropy",
    "gini",
    "inequality_table",
    "mean_log_deviation",
    "palma",
    "share_ratio",
    "theil",
    "top_share",
]

MISSING = float("nan")
ROUNDING = 1e-12


def gini(amount: ArrayLike, people: ArrayLike | None = None) -> float:
    """Return the exact Gini coefficient of ``amount`` ``[N]``; ``people`` ``[N]`` are weights, one each by default.

    Missing where the total is not positive, unless everybody has the same.
    """
    values, mass = sample(amount, people)
    if (values == values[0]).all():
        return 0.0
    if mass @ values <= ROUNDING * (mass @ np.abs(values)):
        return MISSING
    return float(welfare.gini(torch.as_tensor(values), torch.as_tensor(mass)))


def generalised_entropy(amount: ArrayLike, alpha: float, people: ArrayLike | None = None) -> float:
    r"""Return the mean of $((x / m)^\alpha - 1) / (\alpha (\alpha - 1))$ with mean $m$, its limits at zero and one.

    ``alpha`` is the weight of inequality at the top: zero is the mean log deviation, one Theil's index, two half
    the squared coefficient of variation. Missing where an amount is negative, or zero and ``alpha`` zero or less.
    Source: Shorrocks 1980.
    """
    values, mass = sample(amount, people)
    mean = float(mass @ values)
    if (values < 0).any() or mean <= 0 or (alpha <= 0 and (values == 0).any()):
        return MISSING
    relative = values / mean
    # At one the term of an amount of zero is zero, the limit of x log x.
    logarithm = np.log(relative, out=np.zeros_like(relative), where=relative > 0)
    if alpha == 0:
        return float(-mass @ logarithm)
    if alpha == 1:
        return float(mass @ (relative * logarithm))
    return float((mass @ relative**alpha - 1.0) / (alpha * (alpha - 1.0)))


def theil(amount: ArrayLike, people: ArrayLike | None = None) -> float:
    r"""Return Theil's index, the mean of $(x / m) \log(x / m)$: from zero to the log of the number of people.

    Source: Theil 1967.
    """
    return generalised_entropy(amount, 1.0, people)


def mean_log_deviation(amount: ArrayLike, people: ArrayLike | None = None) -> float:
    r"""Return $\log m$ minus the mean of $\log x$ (Theil's second index); missing where an amount is zero."""
    return generalised_entropy(amount, 0.0, people)


def atkinson_index(amount: ArrayLike, epsilon: float, people: ArrayLike | None = None) -> float:
    """Return the share of the total that could be given up for equality, at inequality aversion ``epsilon``.

    One minus equally-distributed-equivalent over mean amount; missing where an amount is zero. Source: Atkinson 1970.

    Raises:
        UserError: an aversion below zero.
    """
    if epsilon < 0:
        raise UserError(f"epsilon: expected an inequality aversion of zero or more, found {epsilon}")
    values, mass = sample(amount, people)
    if (values <= 0).any():
        return MISSING
    equivalent = float(welfare.atkinson(torch.as_tensor(values), epsilon, torch.as_tensor(mass)))
    return 1.0 - equivalent / float(mass @ values)


def top_share(amount: ArrayLike, share: float, people: ArrayLike | None = None) -> float:
    """Return the share of the total held by the richest ``share`` of people; missing where the total is not positive.

    Raises:
        UserError: a share that is not between zero and one.
    """
    if not 0 <= share <= 1:
        raise UserError(f"share: expected a fraction of people between 0 and 1, found {share}")
    values, mass = sample(amount, people)
    return 1.0 - share_below(values, mass, 1.0 - share) if mass @ values > 0 else MISSING


def share_ratio(amount: ArrayLike, top: float, bottom: float, people: ArrayLike | None = None) -> float:
    """Return the share of the richest ``top`` over that of the poorest ``bottom``, missing where that is zero."""
    poorest = 1.0 - top_share(amount, 1.0 - bottom, people)
    return top_share(amount, top, people) / poorest if poorest > 0 else MISSING


def palma(amount: ArrayLike, people: ArrayLike | None = None) -> float:
    """Return the share of the richest tenth over that of the poorest four tenths. Source: Palma 2011."""
    return share_ratio(amount, 0.1, 0.4, people)


INDICES: Mapping[str, Callable[[Floats, Floats], float]] = {
    "gini": gini,
    "theil": theil,
    "mean_log_deviation": mean_log_deviation,
    "atkinson_0.5": lambda amount, people: atkinson_index(amount, 0.5, people),
    "atkinson_1": lambda amount, people: atkinson_index(amount, 1.0, people),
    "atkinson_2": lambda amount, people: atkinson_index(amount, 2.0, people),
    "palma": palma,
    "top_10_share": lambda amount, people: top_share(amount, 0.1, people),
    "top_1_share": lambda amount, people: top_share(amount, 0.01, people),
}
"""Indices by name, the columns of :func:`inequality_table`."""


def inequality_table(amounts: Mapping[str, Any], people: ArrayLike | None = None) -> pd.DataFrame:
    """Return one row per distribution (``{name: [N]}``) and one column per index (:data:`INDICES`)."""
    import pandas as pd

    rows = {name: [index(*arrays(amount, people)) for index in INDICES.values()] for name, amount in amounts.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(INDICES)).rename_axis("distribution")
