r"""Expected order statistics of a clipped Pareto distribution: the fixed skills of the AI Economist.

Skill is $\min(m, (m - 1) x + 1)$, where $x$ has a Lomax distribution, $P(x > t) = (1 + t)^{-\alpha}$. The skill of
worker $k$ of $N$ is the expectation of the $k$-th smallest of $N$ draws, so all copies of the environment have the same
workers, in ascending order of skill. Since the level of the $k$-th smallest draw has a Beta$(k, N - k + 1)$
distribution, the expectation has a closed form in incomplete beta functions. (The original code averages random draws
and ignores its exponent parameter.)
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
    """Parameters of a Pareto distribution of skill, clipped above; the defaults are those of the AI Economist."""

    tail_exponent: float = Field(4.0, gt=1)
    """Exponent alpha: ``P(x > t) = (1 + t)^-alpha``; a higher exponent means less inequality."""
    cap_multiple: float = Field(3.0, gt=1)
    """Highest skill m, in multiples of the lowest."""
    least_income: float = Field(40.0, gt=0)
    """Annual income at the lowest skill and 40 hours per week, in coin; 40 is one coin per weekly hour."""


class Pareto:
    """Population with the expected order statistics of a clipped Pareto distribution."""

    unit = "coin"

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def quantile(self, levels: Tensor) -> Tensor:
        """Return incomes in coin at ``levels`` in [0, 1], float64, any shape."""
        slope = self.parameters.cap_multiple - 1.0
        skill = slope * (1.0 / power(1.0 - levels.double(), 1.0 / self.parameters.tail_exponent) - 1.0) + 1.0
        return self.parameters.least_income * skill.clamp(max=self.parameters.cap_multiple)

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = torch.float64) -> Sample:
        """Return the same ``count`` people in every environment copy; only the length and device of ``key`` matter."""
        income = self._expected_ranked(count).to(key.device, dtype).repeat(len(key), 1)
        return Sample(income, torch.ones_like(income))

    def _expected_ranked(self, count: int) -> Tensor:
        """Return ``E[Q(U_(k))]``, ``k = 1 .. N``, ``[N]``: the Lomax term below the level of the cap, plus the cap."""
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
