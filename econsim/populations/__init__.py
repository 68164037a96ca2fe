"""Populations: income distributions and people, one kind per module, each with its unit of money and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from econsim.populations.personas.people import People

__all__ = ["Advises", "Peopled", "Population", "Sample"]


@dataclass(frozen=True)
class Sample:
    """Sample of people from a population.

    income: ``[B, N]``, annual income at 40 hours per week, in the unit of the population, positive.
    weight: ``[B, N]``, number of people that each person represents, with a mean of one.
    """

    income: Tensor
    weight: Tensor


class Population(Protocol):
    """Distribution of annual income at 40 hours per week."""

    unit: str
    """Unit of money."""

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = ...) -> Sample:
        """Return a sample of ``count`` people per environment copy for keys ``[B]`` int64; float64 by default.

        Raises:
            UserError: the population cannot provide this number of people.
        """

    def quantile(self, levels: Tensor) -> Tensor:
        """Return the quantiles of income at ``levels`` in (0, 1), any shape."""


@runtime_checkable
class Peopled(Protocol):
    """Population whose people have personal attributes."""

    def people(self, key: Tensor, count: int) -> People:
        """Return the people whom ``sample`` draws with ``key`` ``[B]``, with their attributes."""


@runtime_checkable
class Advises(Protocol):
    """Population with remarks that users should read."""

    def advice(self, count: int) -> list[str]:
        """Return remarks about a sample of ``count`` people, each with its reason."""
