"""Families of a survey with their weights, and their joint distribution over productivity and a grid of assets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from econsim.households.chains import Chain, Floats
from econsim.households.lognormal_pareto import LognormalPareto, fitted
from econsim.households.statistics import gini, top_share

__all__ = ["FACTS", "Facts", "Families", "families_of", "joint_distribution", "typical_families"]

_CELLS = 1000  # of equal size below the top tenth, and per factor of ten above it
_RICHEST = 7  # the last cell holds the top 10^-7 of families


@dataclass(frozen=True)
class Facts:
    """Published statistics of an amount per family, in US dollars: mean, Gini index, and the shares of the richest."""

    mean: float
    gini: float
    top_tenth: float
    top_hundredth: float

    def distribution(self) -> LognormalPareto:
        """Return the fitted distribution, in units of the mean."""
        return fitted(self.gini, self.top_tenth, self.top_hundredth)


FACTS = {
    "assets": Facts(1_186_754, 0.7862, 0.6859, 0.3205),
    "income": Facts(141_431, 0.6068, 0.5097, 0.2224),
}
"""Statistics of the Survey of Consumer Finances of 2022 with its weights: its columns ASSET and INCOME."""


@dataclass(frozen=True)
class Families:
    """Families, ``[R]`` each.

    assets: in US dollars, at least zero.
    weight: share of all families; they add up to one.
    lowest_rank, highest_rank: between which the family's rank of productivity lies, in [0, 1]; families that tie share
        an interval.
    mean_income: of all families, in US dollars per year.
    """

    assets: Floats
    weight: Floats
    lowest_rank: Floats
    highest_rank: Floats
    mean_income: float

    @property
    def mean_assets(self) -> float:
        """Mean assets per family."""
        return float(self.weight @ self.assets)

    def facts(self) -> Facts:
        """Return the statistics of assets."""
        tops = (top_share(self.assets, self.weight, share) for share in (0.1, 0.01))
        return Facts(self.mean_assets, gini(self.assets, self.weight), *tops)


def families_of(assets: Floats, weight: Floats, ranked_by: Floats, mean_income: float) -> Families:
    """Return families whose productivity has the ranks of an amount, all arrays ``[R]``; weights need not add up."""
    share = weight / weight.sum()
    _, tie = np.unique(ranked_by, return_inverse=True)
    upper: Floats = np.cumsum(np.bincount(tie, share))
    lower = np.append(0.0, upper[:-1])
    return Families(assets, share, lower[tie], upper[tie], mean_income)


def typical_families() -> Families:
    """Return families with the distribution of assets that :data:`FACTS` describe; ranks of productivity are free.

    They are the means of cells of families in order of assets, of equal size below the top tenth and finer above it.
    """
    facts, distribution = FACTS["assets"], FACTS["assets"].distribution()
    above = 10.0 ** -np.linspace(1, _RICHEST, _CELLS * (_RICHEST - 1) + 1)
    levels = np.concatenate([np.linspace(0, 0.9, _CELLS, endpoint=False), 1 - above, [1.0]])
    weight = np.diff(levels)
    assets = facts.mean * np.diff(distribution.lorenz(levels)) / weight
    free = np.zeros(len(weight))
    return Families(assets, weight, free, free + 1, FACTS["income"].mean)


def joint_distribution(families: Families, scale: float, chain: Chain, grid: Floats) -> tuple[Floats, float]:
    """Return families' shares ``[S, G]`` over productivity and assets, and the share of assets above the grid.

    Productivity has the stationary distribution of ``chain``: its states follow the ranks of families. Families whose
    interval of ranks reaches over several states are divided in proportion, and each is at the two grid points around
    its assets, which keeps mean assets (Young 2010). Families above the grid are at its last point.

    Args:
        families: with assets in US dollars.
        scale: units of the grid per US dollar.
        chain: of productivity, ``S`` states in ascending order of their values.
        grid: ``[G]`` assets, increasing from zero.
    """
    owned = families.assets * scale
    held = np.minimum(owned, grid[-1])
    below = np.clip(np.searchsorted(grid, held, "right") - 1, 0, len(grid) - 2)
    upper = (held - grid[below]) / (grid[below + 1] - grid[below])
    order = np.argsort(chain.values, kind="stable")
    bounds = np.append(0.0, np.cumsum(chain.stationary[order]))
    bounds[-1] = 1.0
    width = families.highest_rank - families.lowest_rank
    shares = np.zeros((chain.states, len(grid)))
    for state, (low, high) in zip(order, pairwise(bounds), strict=True):
        overlap = np.minimum(families.highest_rank, high) - np.maximum(families.lowest_rank, low)
        mass = families.weight * np.clip(overlap, 0.0, None) / width
        shares[state] = np.bincount(below, mass * (1 - upper), len(grid)) + np.bincount(
            below + 1, mass * upper, len(grid)
        )
    cut = float(families.weight @ (owned - held) / (families.weight @ owned))
    return shares / shares.sum(), cut
