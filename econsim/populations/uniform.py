"""Uniform distribution of incomes, by default that of the LLM Economist: skills of 1.24 to 159.1 per hour."""

from __future__ import annotations

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.populations import Sample
from econsim.populations._sampling import Sampling, draw
from econsim.populations.gb2 import LLM_ECONOMIST

__all__ = ["Parameters", "Uniform"]

REFERENCES = (LLM_ECONOMIST,)


class Parameters(Sampling):
    """Parameters of a uniform distribution; defaults: 40 hours at 1.24 to 159.1 in money per hour."""

    low: float = Field(49.6, gt=0)
    """Lowest income at 40 hours per week, in money."""
    high: float = Field(6364.0, gt=0)
    """Highest income at 40 hours per week, in money."""

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low: expected less than high ({self.high}), found {self.low}")
        return self


class Uniform:
    """Population with uniform incomes."""

    unit = "coin"

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def quantile(self, levels: Tensor) -> Tensor:
        """Return incomes at ``levels`` in (0, 1), float64, any shape."""
        return self.parameters.low + (self.parameters.high - self.parameters.low) * levels.double()

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = torch.float64) -> Sample:
        """Return a sample of ``count`` people per environment copy."""
        return draw(self.quantile, self.parameters, key, count, dtype)
