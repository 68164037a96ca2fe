r"""Ranked expected incomes from a clipped Pareto distribution: the fixed skills of the AI Economist.

Skill is $\min(m, (m - 1) x + 1)$ with $x$ Lomax, $P(x > t) = (1 + t)^{-\alpha}$; worker $k$ of $N$ earns the
expected $k$-th smallest of $N$ draws, so that every copy holds the same people, the least skilled first. With the
level of the k-th smallest draw Beta(k, N - k + 1) the expectation has a closed form in incomplete beta functions. (The
original averages random draws and ignores its exponent parameter.)
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from econsim.mechanisms.numerics import power
from econsim.parameters import Model
from econsim.populations import Sample

__all__ = ["Parameters", "Pareto"]

REFERENCES = (
    """@article{zheng2022aieconomist, title = {The AI Economist: Taxation Policy Design via Two-Level Deep Multiagent
  Reinforcement Learning}, author = {Zheng, Stephan and Trott, Alexander and Srinivasa, Sunil and Parkes, David C. and
  Socher, Richard}, journal = {Science Advances}, volume = {8}, number = {18}, pages = {eabk2607}, year = {2022}}""",
)


class Parameters(Model):
    """A Pareto distribution of skill, clipped above; the defaults are those of the AI Economist."""

    tail_exponent: float = Field(4.0, gt=1)
    """alpha: the share of people with ``x`` above ``t`` is ``(1 + t)^-alpha``; more is less inequality."""
    cap_multiple: float = Field(3.0, gt=1)
    """m: the greatest skill, in multiples of the least."""
    least_income: float = Field(40.0, gt=0)
    """Annual income of the least skill at 40 hours a week, coin; 40 makes it one coin an hour."""


class Pareto:
    """People with the expected ranked incomes of a clipped Pareto distribution."""

    unit = "coin"

    def __init__(self, parameters: Parameters) -> None:
        """Keep the parameters."""
        self.parameters = parameters

    def quantile(self, levels: Tensor) -> Tensor:
        """Return incomes in coin at ``levels`` in [0, 1], float64, any shape."""
        slope = self.parameters.cap_multiple - 1.0
        skill = slope * (1.0 / power(1.0 - levels.double(), 1.0 / self.parameters.tail_exponent) - 1.0) + 1.0
        return self.parameters.least_income * skill.clamp(max=self.parameters.cap_multiple)

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = torch.float64) -> Sample:
        """Return the same ``count`` people in every copy; only the length of ``key`` matters."""
        income = self._expected_ranked(count).to(key.device, dtype).repeat(len(key), 1)
        return Sample(income, torch.ones_like(income))

    def _expected_ranked(self, count: int) -> Tensor:
        """Return ``E[Q(U_(k))]``, ``k = 1 .. N``, ``[N]``: the Lomax part below the level of the cap, then the cap."""
        import numpy as np
        from scipy.special import betainc, betaln

        inverse, cap = 1.0 / self.parameters.tail_exponent, self.parameters.cap_multiple
        rank = np.arange(1, count + 1, dtype=np.float64)
        above = count - rank + 1.0
        cap_level = 1.0 - 2.0**-self.parameters.tail_exponent  # x reaches one: (m - 1) * 1 + 1 = m
        below_cap = betainc(rank, above, cap_level)
        growth = np.exp(betaln(rank, above - inverse) - betaln(rank, above)) * betainc(rank, above - inverse, cap_level)
        skill = (cap - 1.0) * (growth - below_cap) + below_cap + cap * (1.0 - below_cap)
        return torch.as_tensor(self.parameters.least_income * skill)
