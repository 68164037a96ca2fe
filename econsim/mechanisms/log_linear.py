r"""The log-linear schedule $T(y) = y - \lambda y^{1 - \tau}$ closest to given incomes before and after taxes.

Source: Benabou (2002); Heathcote, Storesletten and Violante (2017).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_linear_fit"]

Floats = NDArray[np.floating[Any]]


def log_linear_fit(gross: Floats, net: Floats, people: Floats) -> tuple[float, float, float]:
    r"""Return $\lambda$, $\tau$ and the explained variance of log income after taxes, by least squares.

    Args:
        gross: ``[N]``, positive, with at least two different values.
        net: ``[N]``, positive.
        people: ``[N]``, weights.
    """
    before, after, weight = np.log(gross), np.log(net), people / people.sum()
    centred, outcome = before - weight @ before, after - weight @ after
    slope = float(weight @ (centred * outcome)) / float(weight @ centred**2)
    residual, spread = float(weight @ (outcome - slope * centred) ** 2), float(weight @ outcome**2)
    level = float(np.exp(weight @ after - slope * (weight @ before)))
    return level, 1.0 - slope, 1.0 - residual / spread if spread else 1.0
