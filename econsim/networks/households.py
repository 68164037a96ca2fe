"""Households, workplaces and mobility: layers of contacts at home, at work and elsewhere.

Everybody in a household knows everybody else in it. Employed people are assigned to workplaces at random and know
colleagues next to them in a random order of the workplace. In the layer ``mobility`` people meet at random. The layers
have weights, and two people may meet in several of them.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from econsim.networks import Network, network_of
from econsim.networks._drawing import Array, Edges, Seeded, distinct, uniforms, whole_numbers

__all__ = ["Households", "Parameters"]

LAYERS = ("household", "workplace", "mobility")


class Parameters(Seeded):
    """Parameters of households, workplaces and mobility."""

    household_sizes: tuple[Annotated[float, Field(ge=0)], ...] = Field((0.28, 0.35, 0.15, 0.13, 0.09), min_length=1)
    """Shares of households with 1, 2, 3 ... people; they are divided by their sum. By default about those of the
    United States in 2020, with five for five and more."""
    employed_share: float = Field(0.6, ge=0, le=1)
    """Share of people who work."""
    workplace_size: int = Field(20, ge=2)
    """People in a workplace."""
    colleagues: int = Field(6, ge=0)
    """Colleagues whom an employed person knows: an even number, or all, if the workplace is smaller."""
    mobility: float = Field(4.0, ge=0)
    """Mean number of people whom a person meets elsewhere."""
    weights: tuple[float, float, float] = (1.0, 0.5, 0.2)
    """Weights of contacts at home, at work and elsewhere."""


class Households:
    """Network of households, workplaces and mobility."""

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def network(self, people: int) -> Network:
        """Return the network, with its three layers."""
        layers = [self._at_home(people), self._at_work(people), self._elsewhere(people)]
        sources, targets = (np.concatenate(side) for side in zip(*layers, strict=True))
        layer = np.repeat(np.arange(3), [len(edges[0]) for edges in layers])
        weights = np.array(self.parameters.weights)[layer]
        return network_of(people, sources, targets, weights, layer, LAYERS)

    def _at_home(self, people: int) -> Edges:
        shares = np.array(self.parameters.household_sizes)
        levels = uniforms(self.parameters.seed, 0, "household", people)
        size = 1 + np.minimum(np.searchsorted(shares.cumsum() / shares.sum(), levels, side="right"), len(shares) - 1)
        home = np.repeat(np.arange(people), size)[:people]
        return _in_rows(np.arange(people), home, len(shares) - 1)

    def _at_work(self, people: int) -> Edges:
        parameters = self.parameters
        employed = round(parameters.employed_share * people)
        worker = np.argsort(uniforms(parameters.seed, 0, "worker", people), kind="stable")[:employed]
        place = np.arange(employed) // parameters.workplace_size
        return _in_rows(worker, place, parameters.colleagues // 2)

    def _elsewhere(self, people: int) -> Edges:
        def draw(number: int, edges: Array) -> Edges:
            ends = whole_numbers(self.parameters.seed, number, "mobility", people, 2 * len(edges))
            return ends[: len(edges)], ends[len(edges) :]

        return distinct(people, round(self.parameters.mobility * people / 2), draw)


def _in_rows(people: Array, group: Array, reach: int) -> Edges:
    """Return edges to each of the next ``reach`` people who stand behind somebody in the same group."""
    pairs = [(people[:-step], people[step:], group[:-step] == group[step:]) for step in range(1, reach + 1)]
    ends = [(first[same], second[same]) for first, second, same in pairs] or [(people[:0], people[:0])]
    sources, targets = zip(*ends, strict=True)
    return np.concatenate(sources), np.concatenate(targets)
