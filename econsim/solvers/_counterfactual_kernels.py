"""Kernel of counterfactual regret minimisation: the iterations of :mod:`econsim.solvers._counterfactual` compiled.

This module imports numba. Sequences and information sets of all players are numbered one after another.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from econsim.information_tree import Floats, InformationTree
from econsim.kernels.compiling import entry
from econsim.solvers._counterfactual import VARIANTS, Variant

__all__ = ["CompiledIterations"]

_CHUNK = 1000  # factors of iterations that are computed at once


class CompiledIterations:
    """Iterations in machine code; see :class:`econsim.solvers._counterfactual.Iterations`."""

    def __init__(self, tree: InformationTree, variant: Variant) -> None:
        self.weights = VARIANTS[variant]
        offsets = [0, *accumulate(len(own.option) for own in tree.players)]
        self.bounds = np.array(offsets, np.int64)
        self.sets = np.array([0, *accumulate(len(own.names) for own in tree.players)], np.int64)
        shifted = list(zip(tree.players, offsets, strict=False))
        self.parent = np.concatenate([own.parent + offset for own, offset in shifted])
        self.first = np.concatenate([own.first[:-1] + offset for own, offset in shifted])
        self.count = np.concatenate([own.count for own in tree.players])
        self.ends = np.ascontiguousarray(tree.ends + self.bounds[:-1])
        self.payoffs = np.ascontiguousarray(tree.payoffs)
        self.behaviour = np.concatenate([own.uniform for own in tree.players])
        self.plan = np.concatenate([own.plan(own.uniform) for own in tree.players])
        self.regret, self.total, self.values = (np.zeros(offsets[-1]) for _ in range(3))

    def run(self, first: int, last: int) -> None:
        """Do the iterations from ``first`` to ``last``; see :class:`econsim.solvers._counterfactual.Iterations`."""
        for start in range(first, last + 1, _CHUNK):
            numbers = range(start, min(start + _CHUNK, last + 1))
            factors = np.array([self.weights.factors(number) for number in numbers])
            _iterate(
                factors,
                self.bounds,
                self.sets,
                self.parent,
                self.first,
                self.count,
                self.ends,
                self.payoffs,
                self.behaviour,
                self.plan,
                self.regret,
                self.total,
                self.values,
            )

    def averages(self) -> list[Floats]:
        """Return the average plan of each player so far; see :class:`econsim.solvers._counterfactual.Iterations`."""
        played = self.total if self.total[0] > 0 else self.plan
        return [own / own[0] for own in np.split(played, self.bounds[1:-1])]


@entry
def _iterate(
    factors: Any,  # [T, 3] of positive and negative regrets, and the weight of the strategy
    bounds: Any,  # [P + 1] the first sequence of each player
    sets: Any,  # [P + 1] the first information set of each player
    parent: Any,  # [I]
    first: Any,  # [I]
    count: Any,  # [I]
    ends: Any,  # [L, P]
    payoffs: Any,  # [L, P]
    behaviour: Any,  # [S], as all that follow
    plan: Any,
    regret: Any,
    total: Any,
    values: Any,
) -> None:
    players = len(bounds) - 1
    for iteration in range(len(factors)):
        positive, negative, weight = factors[iteration, 0], factors[iteration, 1], factors[iteration, 2]
        for player in range(players):
            for sequence in range(bounds[player], bounds[player + 1]):
                values[sequence] = 0.0
                total[sequence] += weight * plan[sequence]
            for end in range(len(ends)):
                value = payoffs[end, player]
                for other in range(players):
                    if other != player:
                        value *= plan[ends[end, other]]
                values[ends[end, player]] += value
            for place in range(sets[player + 1] - 1, sets[player] - 1, -1):
                start, stop = first[place], first[place] + count[place]
                expected, gained = 0.0, 0.0
                for sequence in range(start, stop):
                    expected += values[sequence] * behaviour[sequence]
                values[parent[place]] += expected
                for sequence in range(start, stop):
                    new = regret[sequence] + values[sequence] - expected
                    new *= positive if new > 0 else negative
                    regret[sequence] = new
                    gained += max(new, 0.0)
                for sequence in range(start, stop):
                    behaviour[sequence] = max(regret[sequence], 0.0) / gained if gained > 0 else 1.0 / count[place]
            for place in range(sets[player], sets[player + 1]):
                for sequence in range(first[place], first[place] + count[place]):
                    plan[sequence] = plan[parent[place]] * behaviour[sequence]
