"""Workers and firms: a bipartite network in which each worker has one firm, and firms differ in size.

A worker works for the firm of rank ``r`` with a probability proportional to ``r`` to the power of ``-inequality``
(Zipf's law at 1, which Axtell 2001 finds for firms of the United States). Workers come first, then firms.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from econsim.networks import Network, network_of
from econsim.networks._drawing import Seeded, whole_numbers

__all__ = ["Parameters", "WorkerFirm"]

REFERENCES = (
    "@article{axtell2001zipf, title={Zipf distribution of {U.S.} firm sizes}, author={Axtell, Robert L.}, "
    "journal={Science}, volume={293}, pages={1818--1820}, year={2001}}",
)


class Parameters(Seeded):
    """Parameters of workers and firms."""

    workers_per_firm: float = Field(20.0, gt=0)
    """Mean number of workers of a firm."""
    inequality: float = Field(1.0, ge=0)
    """Exponent of the firms' sizes by rank: 0, all are alike; 1, Zipf's law."""


class WorkerFirm:
    """Network of workers and firms."""

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def network(self, people: int) -> Network:
        """Return the network of workers and firms, ``people`` together, at least one of each."""
        firms = min(max(1, round(people / (1 + self.parameters.workers_per_firm))), people - 1)
        workers = people - firms
        weight = np.arange(1, firms + 1) ** -self.parameters.inequality
        level = whole_numbers(self.parameters.seed, 0, "firm", 1 << 52, workers) / float(1 << 52)
        rank = np.minimum(np.searchsorted(weight.cumsum() / weight.sum(), level, side="right"), firms - 1)
        return network_of(people, np.arange(workers), workers + rank)
