"""Stochastic block model: people in groups, and a probability of an edge for each pair of groups.

One group gives the random network of Gilbert (1959). People are ordered by group.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator
from scipy.stats import binom

from econsim.networks import Network, network_of
from econsim.networks._drawing import Array, Edges, Seeded, distinct, whole_numbers

__all__ = ["Parameters", "StochasticBlock"]

REFERENCES = (
    "@article{holland1983stochastic, title={Stochastic blockmodels: First steps}, author={Holland, Paul W. and Laskey, "
    "Kathryn Blackmond and Leinhardt, Samuel}, journal={Social Networks}, volume={5}, pages={109--137}, year={1983}}",
)
Probability = Annotated[float, Field(ge=0, le=1)]


class Parameters(Seeded):
    """Parameters of a stochastic block model."""

    shares: tuple[Annotated[float, Field(gt=0)], ...] = (0.5, 0.5)
    """Shares of the groups in the population; they are divided by their sum."""
    probabilities: tuple[tuple[Probability, ...], ...] = ((0.01, 0.001), (0.001, 0.01))
    """Probability of an edge between two people, by their groups; a symmetric table."""

    @model_validator(mode="after")
    def _is_square_and_symmetric(self) -> Self:
        groups, table = len(self.shares), self.probabilities
        if len(table) != groups or any(len(row) != groups for row in table):
            raise ValueError(f"probabilities: expected {groups} rows of {groups} numbers, one per group of shares")
        if any(table[a][b] != table[b][a] for a in range(groups) for b in range(a)):
            raise ValueError("probabilities: expected a symmetric table, since edges have no direction")
        return self


class StochasticBlock:
    """Network of groups."""

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def network(self, people: int) -> Network:
        """Return the network."""
        table, seed = self.parameters.probabilities, self.parameters.seed
        shares = np.array(self.parameters.shares)
        starts = np.rint(np.concatenate([[0.0], shares.cumsum() / shares.sum()]) * people).astype(np.int64)
        found: list[Edges] = []
        for a in range(len(table)):
            for b in range(a, len(table)):
                found.append(_between(people, starts[a : a + 2], starts[b : b + 2], table[a][b], seed, f"{a} {b}"))
        sources, targets = (np.concatenate(side) for side in zip(*found, strict=True))
        return network_of(people, sources, targets)


def _between(people: int, one: Array, other: Array, probability: float, seed: int, stream: str) -> Edges:
    """Return the edges between two groups, or within one: their number is binomial, and all sets are as likely."""
    sizes = one[1] - one[0], other[1] - other[0]
    pairs = sizes[0] * (sizes[0] - 1) // 2 if one[0] == other[0] else sizes[0] * sizes[1]
    level = float(whole_numbers(seed, 0, f"edges {stream}", 1 << 52, 1)[0]) / float(1 << 52)
    count = int(binom.ppf(level, pairs, probability)) if pairs and level > 0 else 0

    def draw(number: int, edges: Array) -> Edges:
        first = whole_numbers(seed, number, f"first {stream}", int(sizes[0]), len(edges))
        second = whole_numbers(seed, number, f"second {stream}", int(sizes[1]), len(edges))
        return one[0] + first, other[0] + second

    return distinct(people, count, draw)
