"""Survey microdata from a CSV file, one row per person, with weights; PUMS columns of the Census Bureau are supported.

With as many workers as rows, each row is one worker, with its weight. Otherwise rows are drawn with probabilities
proportional to their weights, so that all drawn people count equally. Nothing is modelled: each person has the income,
age, sex, education and occupation of the corresponding row.

    column      PUMS column   values
    income      WAGP          annual income at 40 hours per week, positive (required)
    weight      PWGTP         number of people that the row represents, positive; if absent, the mean weight
    age         AGEP          years, 0 to 120
    sex         SEX           women or men (also woman, man, female, male); 1 men, 2 women
    education   SCHL          one of five levels, below; codes 1 to 24
    occupation  OCCP          text; codes of 2018 and later

Levels of education: less_than_high_school, high_school, some_college_or_associate, bachelor, graduate_or_professional.
A blank cell means that the value is unknown; only the income is required. With the column ``WAGP``, rows without
wages (blank, 0, or -1 as in the Census API) are omitted: these people did not work for pay.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from econsim.populations import Sample
from econsim.populations._sampling import Sampling, draw
from econsim.populations.personas.census_tables import EDUCATIONS, SEXES
from econsim.populations.personas.people import People
from econsim.populations.personas.texts import Written
from econsim.populations.survey.reading import Rows, read

__all__ = ["Parameters", "Survey"]


class Parameters(Sampling):
    """Parameters of survey microdata."""

    sampling: Literal["each_row", "random", "stratified"] = "each_row"  # type: ignore[assignment]
    """``each_row``: as many workers as rows are the rows in the order of the file, with their weights, and any other
    number of workers is drawn at random; ``random``: independent draws; ``stratified``: as in other populations."""
    file: str
    """CSV file in UTF-8 with a header row, relative to the working directory."""
    unit: str = Field("USD", min_length=1)
    """Unit of money in the file."""
    texts: str | None = None
    """CSV file with descriptions of people (columns ``person`` and ``text``), relative to the working directory; null:
    descriptions from a fixed template."""


class Survey:
    """Population drawn from survey microdata.

    Raises:
        UserError: a file cannot be read, a column is missing, or a cell is invalid; the message names its row.
    """

    def __init__(self, parameters: Parameters) -> None:
        """Read the file."""
        self.parameters = parameters
        self.unit = parameters.unit
        self._rows: Rows = read(parameters.file)
        self._written = Written(parameters.texts) if parameters.texts else None
        # Strata are given in money, but people are drawn by row: convert each bound to its first row.
        starts = self._rows.first_row(parameters.strata)
        self._how = parameters.model_copy(update={"strata": tuple(float(start) for start in starts)})

    def quantile(self, levels: Tensor) -> Tensor:
        """Return weighted quantiles of income at ``levels`` in (0, 1), float64, any shape."""
        return self._rows.income.to(levels.device)[self._rows.at(levels).long()]

    def sample(self, key: Tensor, count: int, dtype: torch.dtype = torch.float64) -> Sample:
        """Return a sample of ``count`` people per environment copy.

        Raises:
            UserError: there are too few people for the strata.
        """
        row, weight = self._drawn(key, count)
        return Sample(self._rows.income.to(key.device)[row].to(dtype), weight.to(dtype))

    def advice(self, count: int) -> list[str]:
        """Return a remark if ``each_row`` cannot make each row one of ``count`` workers."""
        if self.parameters.sampling != "each_row" or count == len(self._rows):
            return []
        return [
            f"population: {self.parameters.file} has {len(self._rows)} rows with an income for {count} workers, who are"
            f" drawn from them at random, with repetition; for each row once, set workers={len(self._rows)}, and if a"
            " random sample is intended, set population.sampling: random"
        ]

    def people(self, key: Tensor, count: int) -> People:
        """Return the people of :meth:`sample` with ``key`` ``[B]``, with their attributes."""
        row, weight = self._drawn(key.cpu(), count)
        rows = self._rows
        return People(
            age=rows.age[row],
            sex=rows.sex[row],
            education=rows.education[row],
            occupation=rows.occupation[row],
            income=rows.income[row],
            weight=weight,
            rank=rows.rank[row],
            labels={"sex": SEXES, "education": EDUCATIONS, "occupation": rows.occupations},
            unit=self.unit,
            written=self._written,
        )

    def _drawn(self, key: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Return the row, int64, and the weight of each person, ``[B, N]`` each."""
        if self.parameters.sampling == "each_row" and count == len(self._rows):
            row = self._rows.in_file.to(key.device).repeat(len(key), 1)
            return row, self._rows.weight.to(key.device)[row]
        rows = draw(self._rows.at, self._how, key, count, torch.float64)  # row numbers in place of incomes
        return rows.income.long(), rows.weight
