"""Who lives there: income distributions as kinds, each with its unit and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from econsim.populations.personas.people import People

__all__ = ["Peopled", "Population", "Sample"]


@dataclass(frozen=True)
class Sample:
    """People drawn from a population.

    income: ``[B, N]``, annual income at 40 hours a week, in the unit of the kind, positive.
    weight: ``[B, N]``, how many people of the population each stands for; weights average one.
    """

    income: Tensor
    weight: Tensor


class Population(Protocol):
    """A distribution of annual income at 40 hours a week."""

    unit: str
    """The unit of money."""

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = ...) -> Sample:
        """Return ``count`` people a copy, float64 unless told; ``key`` is ``[B]`` int64.

        Raises:
            UserError: this population cannot give so many people.
        """

    def quantile(self, levels: Tensor) -> Tensor:
        """Return the income below which the shares ``levels`` (in (0, 1), any shape) of the population lie."""


@runtime_checkable
class Peopled(Protocol):
    """A population that knows who its people are."""

    def people(self, key: Tensor, count: int) -> People:
        """Return those that ``sample`` draws under ``key`` ``[B]``, described."""
