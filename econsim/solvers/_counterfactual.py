"""Counterfactual regret minimisation on an information tree: the weights of its variants, and plain numpy iterations.

All information sets of one depth are updated at once. :mod:`econsim.solvers._counterfactual_kernels` does the same work
in machine code; this module defines it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

import numpy as np

from econsim.information_tree import Floats, InformationTree, PlayerTree

__all__ = ["VARIANTS", "Iterations", "PlainIterations", "Variant", "Weights"]

Variant = Literal["vanilla", "plus", "linear", "discounted"]


class Weights(NamedTuple):
    """Discounts of a variant: after iteration ``t``, positive regrets are multiplied by ``t^a / (t^a + 1)``.

    Attributes:
        positive: the exponent ``a`` of positive regrets; infinity: they are kept.
        negative: the same for negative regrets; minus infinity: they are set to zero.
        average: strategies are averaged with the weights ``t^average``.
    """

    positive: float
    negative: float
    average: float

    def factors(self, iteration: int) -> tuple[float, float, float]:
        """Return the factors of positive and of negative regrets, and the weight of the strategy, at an iteration."""
        number = float(iteration)
        positive = 1.0 if self.positive == np.inf else number**self.positive / (number**self.positive + 1)
        negative = {np.inf: 1.0, -np.inf: 0.0}.get(self.negative)
        if negative is None:
            negative = number**self.negative / (number**self.negative + 1)
        return positive, negative, number**self.average


VARIANTS: dict[Variant, Weights] = {
    "vanilla": Weights(np.inf, np.inf, 0.0),
    "plus": Weights(np.inf, -np.inf, 1.0),
    "linear": Weights(1.0, 1.0, 1.0),
    "discounted": Weights(1.5, 0.0, 2.0),
}
"""Zinkevich et al. (2007); Tammelin (2014); Brown and Sandholm (2019), section 3, for the last two."""


class Iterations(Protocol):
    """A run of counterfactual regret minimisation that can be continued."""

    def run(self, first: int, last: int) -> None:
        """Do the iterations from ``first`` to ``last``, both included; the first of all is 1."""

    def averages(self) -> list[Floats]:
        """Return the average plan ``[S]`` of each player so far; before the first iteration, the uniform one."""


class PlainIterations:
    """Iterations in numpy, in which players are updated in turn."""

    def __init__(self, tree: InformationTree, variant: Variant) -> None:
        self.tree, self.weights = tree, VARIANTS[variant]
        self.players = [_Player(own) for own in tree.players]

    def run(self, first: int, last: int) -> None:
        """Do the iterations from ``first`` to ``last``; see :class:`Iterations`."""
        for iteration in range(first, last + 1):
            positive, negative, weight = self.weights.factors(iteration)
            for number, player in enumerate(self.players):
                gradient = self.tree.gradient(number, [other.plan for other in self.players])
                player.update(gradient, positive, negative, weight)

    def averages(self) -> list[Floats]:
        """Return the average plan of each player so far; see :class:`Iterations`."""
        return [player.total / player.total[0] if player.total[0] > 0 else player.plan for player in self.players]


class _Player:
    """Regrets, the current behaviour and plan, and the sum of plans of one player, ``[S]`` each."""

    def __init__(self, own: PlayerTree) -> None:
        self.own = own
        self.regret, self.total = np.zeros(len(own.option)), np.zeros(len(own.option))
        self.behaviour = own.uniform
        self.plan = own.plan(self.behaviour)

    def update(self, gradient: Floats, positive: float, negative: float, weight: float) -> None:
        """Update regrets by counterfactual values, from the last information sets to the first, then the strategy."""
        own, values = self.own, gradient
        self.total += weight * self.plan
        for sets, start, end in reversed(own.ranges):
            weighted = values[start:end] * self.behaviour[start:end]
            expected = np.add.reduceat(weighted, own.first[sets] - start)
            self.regret[start:end] += values[start:end] - np.repeat(expected, own.count[sets])
            values += np.bincount(own.parent[sets], expected, len(values))
        self.regret *= np.where(self.regret > 0, positive, negative)
        gained = np.maximum(self.regret, 0.0)
        total = np.repeat(np.bincount(own.information_set, gained[1:], len(own.names)), own.count)
        matched = gained[1:] / np.where(total > 0, total, 1.0)
        self.behaviour = np.append(1.0, np.where(total > 0, matched, own.uniform[1:]))
        self.plan = own.plan(self.behaviour)
