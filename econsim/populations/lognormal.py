r"""Log-normal distribution of incomes, by default with the median and mean of US wages in 2022.

The quantile function is $Q(p) = m \exp(s \Phi^{-1}(p))$ with median $m$, and the mean is $m \exp(s^2 / 2)$. Unlike that
of actual incomes, the upper tail is thin, so optimal top rates decrease with income.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from econsim.populations import Sample
from econsim.populations._sampling import Sampling, draw

__all__ = ["LogNormal", "Parameters"]

REFERENCES = (
    """@misc{ssa2022wages, title = {Wage Statistics for 2022}, author = {{Social Security Administration}},
  howpublished = {ssa.gov/cgi-bin/netcomp.cgi}, note = {median 40,847.18 and mean 61,220.07 US dollars}}""",
)


class Parameters(Sampling):
    """Parameters of a log-normal distribution; defaults: median and mean of US net compensation in 2022."""

    median: float = Field(40847.18, gt=0)
    """Median income, in US dollars per year."""
    log_standard_deviation: float = Field(0.8996, gt=0)
    """Standard deviation ``s`` of the logarithm of income."""


class LogNormal:
    """Population with log-normal incomes."""

    unit = "USD"

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def quantile(self, levels: Tensor) -> Tensor:
        """Return incomes in US dollars per year at ``levels`` in (0, 1), float64, any shape."""
        standard: Tensor = torch.special.ndtri(levels.double())
        return self.parameters.median * (self.parameters.log_standard_deviation * standard).exp()

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = torch.float64) -> Sample:
        """Return a sample of ``count`` people per environment copy."""
        return draw(self.quantile, self.parameters, key, count, dtype)
