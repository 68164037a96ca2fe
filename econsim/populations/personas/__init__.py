"""US workers with personas: age, sex, education and occupation, jointly distributed with income.

Incomes are drawn from another population, by default US wages of 2019; the same key gives the same incomes with and
without personas. Age band, sex, education and occupation of a person are then drawn from their joint distribution
conditional on the rank of the person's income, which is fitted to published US tables. See ``docs/personas.md`` for the
tables, the assumptions and the quality of the fit (``econsim.populations.personas.fit``).
"""

from __future__ import annotations

from typing import Annotated, Any

import torch
from pydantic import Field, field_validator
from torch import Tensor

from econsim import random
from econsim.parameters import Chosen, FromRoom, Model
from econsim.populations import Sample
from econsim.populations._sampling import ranks_of
from econsim.populations.personas.census_tables import AGES, EDUCATIONS, SEXES, tables
from econsim.populations.personas.earnings import standing
from econsim.populations.personas.joint import joint
from econsim.populations.personas.people import People
from econsim.populations.personas.texts import Written

__all__ = ["Parameters", "Personas"]

REFERENCES = (
    """@misc{acs2018, title = {American Community Survey, 2018 1-Year Estimates},
  author = {{US Census Bureau}}, note = {Tables B15001, B20004, B24022 and C24010}}""",
    """@misc{nces2018digest, title = {Digest of Education Statistics 2018, Table 502.10},
  author = {{National Center for Education Statistics}}}""",
    """@misc{bls2024cps, title = {Employment Status by Educational Attainment, Table A-17; Employment Projections,
  Table 5.4}, author = {{US Bureau of Labor Statistics}}, year = {2024}}""",
    """@misc{idda2019w2, title = {Income Distributions and Dynamics in America},
  author = {{US Census Bureau} and {Federal Reserve Bank of Minneapolis}},
  note = {W-2 percentiles of income, tax year 2019},
  howpublished = {minneapolisfed.org/institute/income-distributions-and-dynamics-in-america}}""",
    """@article{deming1940least, title = {On a Least Squares Adjustment of a Sampled Frequency Table When the Expected
  Marginal Totals are Known}, author = {Deming, W. Edwards and Stephan, Frederick F.}, journal = {The Annals of
  Mathematical Statistics}, volume = {11}, number = {4}, pages = {427--444}, year = {1940}}""",
)
_SMALLEST_RANK = 1e-9


class Parameters(Model):
    """Parameters of US workers with personas."""

    income: Annotated[Chosen, FromRoom("populations")] = Field("quantile_table", validate_default=True)
    """Population from which incomes at 40 hours per week are drawn; ``gb2`` is the default of the one-step economy
    without personas."""
    texts: str | None = None
    """CSV file with descriptions of people (columns ``person`` and ``text``), relative to the working directory; null:
    descriptions from a fixed template."""

    @field_validator("income")
    @classmethod
    def _has_no_personas(cls, income: Chosen) -> Chosen:
        if hasattr(income.kind.implementation, "people"):
            raise ValueError(
                f"{income.kind.name} has people with attributes of their own; use it as the population directly"
            )
        return income


class Personas:
    """Population of people with personas.

    Raises:
        UserError: the file of descriptions cannot be read.
    """

    def __init__(self, parameters: Parameters) -> None:
        """Build the distribution of income and read the descriptions."""
        self.parameters = parameters
        self._income: Any = parameters.income.build()
        self._written = Written(parameters.texts) if parameters.texts else None
        self.unit: str = self._income.unit

    def quantile(self, levels: Tensor) -> Tensor:
        """Return incomes at ``levels`` in (0, 1), float64, any shape."""
        income: Tensor = self._income.quantile(levels)
        return income

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = torch.float64) -> Sample:
        """Return a sample of ``count`` people per environment copy, drawn by the distribution of income.

        Raises:
            UserError: the distribution of income cannot provide this number of people.
        """
        sample: Sample = self._income.sample(key, count, dtype)
        return sample

    def people(self, key: Tensor, count: int) -> People:
        """Return the people of :meth:`sample` with ``key`` ``[B]``, with their attributes."""
        drawn = self.sample(key.cpu(), count)
        rank = ranks_of(self.quantile, drawn.income).clamp(_SMALLEST_RANK, 1.0 - _SMALLEST_RANK)
        cell = self._cell(key.cpu(), rank)
        published, cells = tables(), joint()
        return People(
            age=_years(key.cpu(), cells.age[cell]),
            sex=cells.sex[cell],
            education=cells.education[cell],
            occupation=cells.occupation[cell],
            income=drawn.income,
            weight=drawn.weight,
            rank=rank,
            labels={"sex": SEXES, "education": EDUCATIONS, "occupation": published.occupations},
            unit=self.unit,
            written=self._written,
        )

    def _cell(self, key: Tensor, rank: Tensor) -> Tensor:
        draw = random.uniform(key, 0, "population/cell", tuple(rank.shape[1:]), torch.float64)
        return standing().cell_at(standing().at_rank(rank), draw)


def _years(key: Tensor, band: Tensor) -> Tensor:
    """Return ages in years, drawn within age bands ``[B, N]``."""
    first, last = (torch.tensor(ends)[band] for ends in zip(*AGES, strict=True))
    share = random.uniform(key, 0, "population/age", tuple(band.shape[1:]), torch.float64)
    return first + (share * (last - first + 1)).long()
