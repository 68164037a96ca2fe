"""Lorenz curves, and dominance between distributions."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality.samples import Floats, arrays, sample

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dominance", "dominance", "generalised_lorenz_curve", "lorenz_curve", "share_below"]


class Dominance(StrEnum):
    """The relation between two distributions."""

    first = "first"
    second = "second"
    equal = "equal"
    crossing = "crossing"


def lorenz_curve(amount: ArrayLike, people: ArrayLike | None = None) -> pd.DataFrame:
    """Return the Lorenz curve of ``amount`` ``[N]``: ``population_share`` and ``amount_share``, from (0, 0) to (1, 1).

    The total must be positive; the curve of amounts below zero dips under the axis.
    """
    import pandas as pd

    population, held = _curve(*arrays(amount, people))
    return pd.DataFrame({"population_share": population / population[-1], "amount_share": held / held[-1]})


def generalised_lorenz_curve(amount: ArrayLike, people: ArrayLike | None = None) -> pd.DataFrame:
    """Return ``population_share`` and ``amount_a_head``, the amount of that share of the poorest per person of all.

    The Lorenz curve times the mean, in the unit of the amount. Source: Shorrocks 1983.
    """
    import pandas as pd

    population, held = _curve(*sample(amount, people))
    return pd.DataFrame({"population_share": population, "amount_a_head": held})


def dominance(
    first: ArrayLike,
    second: ArrayLike,
    people: ArrayLike | None = None,
    second_people: ArrayLike | None = None,
    generalised: bool = True,
    tolerance: float = 1e-12,
) -> Dominance:
    """Return which of two distributions has the (generalised) Lorenz curve that is nowhere below the other.

    Generalised dominance means more welfare under every increasing, inequality-averse (Schur-concave) function of the
    amounts (Shorrocks 1983); plain dominance means less inequality under every such index (Atkinson 1970).

    Args:
        first: ``[N]`` amounts, with weights ``people``.
        second: ``[M]`` amounts, with weights ``second_people``.
        people: ``[N]``, one each if not given.
        second_people: ``[M]``, one each if not given.
        generalised: compare amounts per person rather than shares.
        tolerance: differences that count as equal, as a share of the larger mean (or of the total).
    """
    curves = [_curve(*sample(*pair)) for pair in ((first, people), (second, second_people))]
    at = np.union1d(curves[0][0], curves[1][0])
    heights = [np.interp(at, shares, held if generalised else held / held[-1]) for shares, held in curves]
    gap = heights[0] - heights[1]
    margin = tolerance * max(abs(height[-1]) for height in heights)
    above, below = bool((gap > margin).any()), bool((gap < -margin).any())
    return {
        (False, False): Dominance.equal,
        (True, False): Dominance.first,
        (False, True): Dominance.second,
        (True, True): Dominance.crossing,
    }[above, below]


def share_below(values: Floats, mass: Floats, population_share: float) -> float:
    """Return the share of the total held by the poorest ``population_share``; a person at the margin counts in part."""
    population, held = _curve(values, mass)
    return float(np.interp(population_share, population / population[-1], held) / held[-1])


def _curve(values: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Return cumulative people and amounts, ``[N + 1]`` each, poorest first."""
    order = np.argsort(values, kind="stable")
    population = np.concatenate([[0.0], mass[order].cumsum()])
    return population, np.concatenate([[0.0], (mass * values)[order].cumsum()])
