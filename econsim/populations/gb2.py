r"""Generalised beta distribution of the second kind, fitted to US individual earnings of the ACS 2023.

The quantile function is $Q(p) = \mu \, ((\nu / \tau) F^{-1}(p; 2 \nu, 2 \tau))^{1 / \sigma}$, where $F^{-1}$ is that of
the F distribution, in the parametrisation of GAMLSS. The defaults are those of the LLM Economist, code release 1.0.0.
They are close to individual W-2 earnings (median of 38,102 US dollars, against 40,847 in the wage statistics of the
Social Security Administration for 2022), but not to household earnings.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from econsim.mechanisms.numerics import power
from econsim.populations import Sample
from econsim.populations._sampling import Sampling, draw
from econsim.storage.csv_reader import read_csv

__all__ = ["GB2", "Parameters"]

LLM_ECONOMIST = (
    "@article{karten2025llm, title={{LLM} Economist: Large Population Models and Mechanism Design in Multi-Agent "
    "Generative Simulacra}, author={Karten, Seth and Li, Wenzhe and Ding, Zihan and Kleiner, Samuel and Bai, Yu "
    "and Jin, Chi}, journal={arXiv:2507.15815}, year={2025}}"
)
REFERENCES = (
    LLM_ECONOMIST,
    "@article{mcdonald1984generalized, title={Some Generalized Functions for the Size Distribution of Income}, "
    "author={McDonald, James B.}, journal={Econometrica}, volume={52}, number={3}, pages={647--663}, year={1984}}",
)
PUBLISHED_DRAW = "data/llm_economist_seed42.csv"


class Parameters(Sampling):
    """Parameters of a generalised beta distribution of the second kind; defaults: US individuals 2023, US dollars."""

    sampling: Literal["random", "stratified", "published"] = "random"  # type: ignore[assignment]
    """``random``; ``stratified``; or ``published``: the 100 people of the LLM Economist's seed 42 in every environment
    copy, and random draws for any other number of people."""
    scale: float = Field(72402.78177917618, gt=0)
    """Scale mu, in US dollars per year."""
    sigma: float = Field(2.0721070746154746, gt=0)
    """Shape of both tails; the upper tail decays as ``x^-(sigma tau)``, by default with exponent 2.364."""
    nu: float = Field(0.48651871959386955, gt=0)
    """Shape of the lower tail."""
    tau: float = Field(1.1410398548220329, gt=0)
    """Shape of the upper tail."""


class GB2:
    """Population with incomes from a generalised beta distribution of the second kind."""

    unit = "USD"

    def __init__(self, parameters: Parameters) -> None:
        """Store the parameters."""
        self.parameters = parameters

    def quantile(self, levels: Tensor) -> Tensor:
        """Return incomes in US dollars per year at ``levels`` in (0, 1), float64, any shape."""
        from scipy.special import fdtri

        shape = self.parameters
        ratio = fdtri(2 * shape.nu, 2 * shape.tau, levels.double().cpu().numpy())
        income = shape.scale * power(shape.nu / shape.tau * torch.as_tensor(ratio), 1 / shape.sigma)
        return income.to(levels.device)

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = torch.float64) -> Sample:
        """Return a sample of ``count`` people per environment copy.

        Raises:
            UserError: there are too few people for the strata.
        """
        levels = torch.tensor(_published_levels(), dtype=torch.float64, device=key.device)
        if self.parameters.sampling != "published" or count != len(levels):
            return draw(self.quantile, self.parameters, key, count, dtype)
        income = self.quantile(levels).to(dtype).repeat(len(key), 1)
        return Sample(income, torch.ones_like(income))


@cache
def _published_levels() -> tuple[float, ...]:
    return tuple(read_csv(files("econsim.populations").joinpath(PUBLISHED_DRAW), "population").numbers("level"))
