r"""Log-normal distribution of incomes, by default with the median and mean of US wages in 2022.

The quantile function is $Q(p) = m \exp(s \Phi^{-1}(p))$ with median $m$, and the mean is $m \exp(s^2 / 2)$. Unlike that
of actual incomes, the upper tail is thin, so optimal top rates decrease with income, unless ``pareto_tail`` replaces it
by that of a Pareto distribution.
"""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor

from econsim.populations import Sample
from econsim.populations._sampling import BISECTIONS, Sampling, draw

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
    pareto_tail: float | None = Field(None, gt=1)
    """Exponent ``a`` of a Pareto tail, ``P(z > t) ~ t^-a``. It begins where the density of the log-normal distribution
    falls at the same rate, so that the distribution has no step there; null: no Pareto tail."""


class LogNormal:
    """Population with log-normal incomes."""

    unit = "USD"

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def quantile(self, levels: Tensor) -> Tensor:
        """Return incomes in US dollars per year at ``levels`` in (0, 1), float64, any shape."""
        median, deviation, tail = (
            self.parameters.median,
            self.parameters.log_standard_deviation,
            self.parameters.pareto_tail,
        )
        levels = levels.double()
        if tail is None:
            standard: Tensor = torch.special.ndtri(levels)
            return median * (deviation * standard).exp()
        start = _where_tails_meet(deviation * tail)
        above = math.erfc(start / math.sqrt(2.0)) / 2.0  # share of people in the tail
        standard = torch.special.ndtri(levels).clamp(max=start)
        beyond = (above / (1.0 - levels)).clamp(min=1.0) ** (1.0 / tail)
        return median * (deviation * standard).exp() * beyond

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = torch.float64) -> Sample:
        """Return a sample of ``count`` people per environment copy."""
        return draw(self.quantile, self.parameters, key, count, dtype)


def _where_tails_meet(hazard: float) -> float:
    """Return the standard normal number at which the density, over the share of people above, is ``hazard``.

    The local Pareto exponent of a log-normal distribution, z f(z) / (1 - F(z)), is this ratio over the standard
    deviation of log income; it increases without bound.
    """
    low, high = -40.0, 40.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        is_below = middle < -5.0 or _hazard(middle) < hazard
        low, high = (middle, high) if is_below else (low, middle)
    return (low + high) / 2.0


def _hazard(number: float) -> float:
    above = math.erfc(number / math.sqrt(2.0)) / 2.0
    return math.exp(-(number**2) / 2.0) / math.sqrt(2.0 * math.pi) / above if above > 0 else math.inf
