"""Small world: a ring in which people know their nearest neighbours, and some edges lead anywhere instead.

After Watts and Strogatz (1998): each edge of the ring keeps one end and is given another end at random with probability
``rewiring``. The number of edges is kept.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, field_validator

from econsim.errors import UserError
from econsim.networks import Network, network_of
from econsim.networks._drawing import Array, Edges, Seeded, distinct, uniforms, whole_numbers

__all__ = ["Parameters", "SmallWorld"]

REFERENCES = (
    "@article{watts1998collective, title={Collective dynamics of 'small-world' networks}, author={Watts, Duncan J. and "
    "Strogatz, Steven H.}, journal={Nature}, volume={393}, pages={440--442}, year={1998}}",
)


class Parameters(Seeded):
    """Parameters of a small world."""

    degree: int = Field(10, ge=2)
    """Mean number of neighbours, an even number."""
    rewiring: float = Field(0.1, ge=0, le=1)
    """Probability that an edge of the ring leads anywhere instead."""

    @field_validator("degree")
    @classmethod
    def _is_even(cls, degree: int) -> int:
        if degree % 2:
            raise ValueError(f"expected an even number, half of it on each side of the ring, found {degree}")
        return degree


class SmallWorld:
    """Small-world network."""

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def network(self, people: int) -> Network:
        """Return the network.

        Raises:
            UserError: there are no more people than ``degree``.
        """
        half, seed = self.parameters.degree // 2, self.parameters.seed
        if people <= 2 * half:
            raise UserError(f"network.degree: {2 * half} needs more than {people} people")
        source = np.repeat(np.arange(people), half)
        target = (source + np.tile(np.arange(1, half + 1), people)) % people
        moves = uniforms(seed, 0, "rewired", len(source)) < self.parameters.rewiring
        starts = source[moves]

        def draw(number: int, edges: Array) -> Edges:
            return starts[edges], whole_numbers(seed, number, "target", people, len(edges))

        kept = source[~moves], target[~moves]
        return network_of(people, *distinct(people, len(starts), draw, kept))
