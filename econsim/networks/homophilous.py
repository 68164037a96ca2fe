"""Homophilous network: people prefer others of their own group.

One end of each edge is drawn among all people. With probability ``homophily`` the other end is drawn in the same group,
else among all people, so that the expected share of edges within a group of share ``s`` is ``homophily + (1 -
homophily) s``: Coleman's index of inbreeding is ``homophily``. People are ordered by group.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from econsim.errors import UserError
from econsim.networks import Network, network_of
from econsim.networks._drawing import Array, Edges, Seeded, distinct, uniforms, whole_numbers

__all__ = ["Homophilous", "Parameters"]

REFERENCES = (
    "@article{coleman1958relational, title={Relational analysis: The study of social organizations with survey methods}"
    ", author={Coleman, James S.}, journal={Human Organization}, volume={17}, pages={28--36}, year={1958}}",
)


class Parameters(Seeded):
    """Parameters of a homophilous network."""

    degree: float = Field(10.0, gt=0)
    """Mean number of neighbours."""
    homophily: float = Field(0.5, ge=0, le=1)
    """Coleman's index: 0, edges disregard groups; 1, all edges are within groups."""
    shares: tuple[Annotated[float, Field(gt=0)], ...] = (0.5, 0.5)
    """Shares of the groups in the population; they are divided by their sum."""


class Homophilous:
    """Network of people who prefer their own group."""

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def network(self, people: int) -> Network:
        """Return the network.

        Raises:
            UserError: a person cannot have ``degree`` neighbours.
        """
        degree, seed, shares = self.parameters.degree, self.parameters.seed, np.array(self.parameters.shares)
        if degree > people - 1:
            raise UserError(f"network.degree: {degree:g} is more than the {people - 1} others of {people} people")
        starts = np.rint(np.concatenate([[0.0], shares.cumsum() / shares.sum()]) * people).astype(np.int64)

        def draw(number: int, edges: Array) -> Edges:
            source = whole_numbers(seed, number, "source", people, len(edges))
            group = np.searchsorted(starts, source, side="right") - 1
            inside = uniforms(seed, number, "inside", len(edges)) < self.parameters.homophily
            low, high = np.where(inside, starts[group], 0), np.where(inside, starts[group + 1], people)
            level = whole_numbers(seed, number, "target", 1 << 52, len(edges)) / float(1 << 52)
            return source, low + (level * (high - low)).astype(np.int64)

        return network_of(people, *distinct(people, round(degree * people / 2), draw))
