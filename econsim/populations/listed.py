"""Explicit list of incomes, one per worker, for small economies."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import UserError
from econsim.parameters import Model
from econsim.populations import Sample

__all__ = ["Listed", "Parameters"]


class Parameters(Model):
    """Parameters of a list of incomes."""

    incomes: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=1)
    """Income of each worker at 40 hours per week, in money per year, in the order of workers."""


class Listed:
    """Population with listed incomes, the same in every environment copy."""

    unit = "USD"

    def __init__(self, parameters: Parameters) -> None:
        """Store the incomes."""
        self.parameters = parameters

    def quantile(self, levels: Tensor) -> Tensor:
        """Return the income of the person at ``levels`` in (0, 1), float64, any shape."""
        ranked = torch.tensor(sorted(self.parameters.incomes), dtype=torch.float64, device=levels.device)
        return ranked[(levels.double() * len(ranked)).long().clamp(max=len(ranked) - 1)]

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = torch.float64) -> Sample:
        """Return all listed incomes in every environment copy.

        Raises:
            UserError: the list does not contain ``count`` incomes.
        """
        incomes = self.parameters.incomes
        if count != len(incomes):
            raise UserError(f"population.incomes: expected one per worker, found {len(incomes)} for {count} workers")
        income = torch.tensor(incomes, dtype=dtype, device=key.device).expand(len(key), count)
        return Sample(income, torch.ones_like(income))
