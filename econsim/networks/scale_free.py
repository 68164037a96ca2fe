"""Scale-free network: newcomers link to people in proportion to their number of neighbours.

After Barabási and Albert (1999), starting from a star. The share of people with ``k`` neighbours approaches
``2 m (m + 1) / (k (k + 1) (k + 2))`` with ``m`` links of each newcomer. The end of a link is the end of an earlier link
drawn at random (Batagelj and Brandes 2005); since only positions are drawn, all links are resolved at once.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from econsim.errors import UserError
from econsim.networks import Network, network_of
from econsim.networks._drawing import Array, Edges, Seeded, distinct, whole_numbers

__all__ = ["Parameters", "ScaleFree"]

REFERENCES = (
    "@article{barabasi1999emergence, title={Emergence of scaling in random networks}, author={Barab{\\'a}si, "
    "Albert-L{\\'a}szl{\\'o} and Albert, R{\\'e}ka}, journal={Science}, volume={286}, pages={509--512}, year={1999}}",
    "@article{batagelj2005efficient, title={Efficient generation of large random networks}, author={Batagelj, Vladimir "
    "and Brandes, Ulrik}, journal={Physical Review E}, volume={71}, pages={036113}, year={2005}}",
)


class Parameters(Seeded):
    """Parameters of a scale-free network."""

    links: int = Field(5, ge=1)
    """Links of each newcomer; the mean number of neighbours is twice as large."""


class ScaleFree:
    """Scale-free network."""

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def network(self, people: int) -> Network:
        """Return the network; links that repeat another one are drawn again.

        Raises:
            UserError: there are fewer than two people more than ``links``.
        """
        links, seed = self.parameters.links, self.parameters.seed
        if people < links + 2:
            raise UserError(f"network.links: {links} needs at least {links + 2} people, found {people}")
        star = np.zeros(links, np.int64), np.arange(1, links + 1)
        newcomer = np.repeat(np.arange(people - links - 1), links)
        source, earlier = newcomer + links + 1, 2 * links * (newcomer + 1)  # ends of links before the newcomer's
        count = len(newcomer)
        ends = np.zeros(2 * (links + count), np.int64)  # of each link its source, then its target
        ends[0 : 2 * links : 2], ends[1 : 2 * links : 2] = star
        ends[2 * links :: 2] = source

        def draw(number: int, edges: Array) -> Edges:
            uniform = whole_numbers(seed, number, "end", 1 << 52, len(edges)) / float(1 << 52)
            position = (uniform * earlier[edges]).astype(np.int64)
            if number == 0:
                ends[2 * links + 1 :: 2] = _resolved(position, links, ends)
                return source, ends[2 * links + 1 :: 2].copy()
            return source[edges], ends[position]

        return network_of(people, *distinct(people, count, draw, star))


def _resolved(position: Array, links: int, ends: Array) -> Array:
    """Return the people at drawn positions; a position that is the target of a link refers to that link's position."""
    open_ = np.arange(len(position))
    while True:
        drawn = position[open_]
        open_ = open_[(drawn % 2 == 1) & (drawn >= 2 * links)]  # targets of links of newcomers
        if not len(open_):
            return ends[position]
        position[open_] = position[position[open_] // 2 - links]
