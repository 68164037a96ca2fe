"""Trees of attempts: episodes that share their first tax years and then split, for credit to single decisions.

The ``2^D`` attempts of a tree are its leaves. Attempts whose numbers agree in their first ``k`` binary digits have the
same draws of the planner until the ``k``-th split, so that state, memory and questions are the same until there: a
question that several of them ask is one call. What differs after a split is due to the decisions from there on. (Tree-
GRPO, arXiv:2509.21240, expands saved states instead, with the same result for a game that follows from its keys.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from econsim import random

__all__ = ["AttemptTree", "Split"]

Rates = tuple[float, ...]


class Split(NamedTuple):
    """Two decisions after the same past, and the mean return of the attempts that went on from each."""

    year: int
    better: Rates
    better_return: float
    worse: Rates
    worse_return: float


@dataclass(frozen=True)
class AttemptTree:
    """The tree of ``attempts`` leaves, a power of two, over the tax years from ``first`` to ``last``."""

    attempts: int
    first: int
    last: int

    @property
    def depth(self) -> int:
        """The number of splits on the way to a leaf."""
        return min(self.attempts.bit_length() - 1, self.last - self.first + 1)

    def level(self, year: int) -> int:
        """Return the number of splits before the one that decides in a tax year."""
        years = self.last - self.first + 1
        return max(0, min(self.depth - 1, (year - self.first) * self.depth // years))

    def split_year(self, level: int) -> int:
        """Return the first tax year of a level, in which the attempts of a branch split."""
        return next(year for year in range(self.first, self.last + 1) if self.level(year) == level)

    def keys(self, key: Tensor, year: int) -> Tensor:
        """Return the keys ``[C]`` of the planner's draws in a tax year: equal for attempts that have not split yet."""
        return random.fold(key, self._branches(self.level(year)).to(key.device))

    def splits(self, returns: Sequence[float], rates: Sequence[Sequence[Rates]]) -> list[Split]:
        """Return the splits at which decisions differ, those with the largest difference of returns first.

        Args:
            returns: the return of each attempt, ``[C]``.
            rates: the rates of each attempt by tax year, ``[C][Y]``.
        """
        splits = []
        for level in range(self.depth):
            year, branches = self.split_year(level), self._branches(level).tolist()
            for parent in sorted({branch // 2 for branch in branches}):
                sides = [[leaf for leaf, at in enumerate(branches) if at == 2 * parent + side] for side in (0, 1)]
                means = [sum(returns[leaf] for leaf in side) / len(side) for side in sides]
                chosen = [rates[side[0]][year - 1] for side in sides]
                high, low = (0, 1) if means[0] >= means[1] else (1, 0)
                if chosen[0] != chosen[1]:
                    splits.append(Split(year, chosen[high], means[high], chosen[low], means[low]))
        return sorted(splits, key=lambda split: split.worse_return - split.better_return)

    def _branches(self, level: int) -> Tensor:
        """Return the branch after the split of a level to which each attempt belongs, ``[C]``."""
        branches: Tensor = torch.arange(self.attempts) * 2 ** (level + 1) // self.attempts
        return branches
