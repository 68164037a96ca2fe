"""People and their personas in columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from econsim.populations.personas.texts import Facts, Written, text_of

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

__all__ = ["UNKNOWN", "People"]

UNKNOWN = -1


@dataclass(frozen=True)
class People:
    """People whom a population's ``sample`` draws with the same key; all columns ``[B, N]``, on the CPU.

    age: int64, years, or ``UNKNOWN``.
    sex, education, occupation: int64, indices of ``labels``, or ``UNKNOWN``.
    income: float64, annual income at 40 hours per week, in ``unit``.
    weight: float64, number of people that each person represents.
    rank: float64 in (0, 1), share of the population with a lower income.
    labels: names of the values of sex, education and occupation.
    unit: unit of money.
    written: descriptions that replace those of the template.
    """

    age: Tensor
    sex: Tensor
    education: Tensor
    occupation: Tensor
    income: Tensor
    weight: Tensor
    rank: Tensor
    labels: Mapping[str, tuple[str, ...]]
    unit: str
    written: Written | None = None

    def facts(self, copy: int = 0) -> list[Facts]:
        """Return the attributes of each person in one environment copy."""
        ages: list[int] = self.age[copy].tolist()
        named = (self._named(column, copy) for column in ("sex", "education", "occupation"))
        numbers = (column[copy].tolist() for column in (self.income, self.rank))
        return [
            Facts(None if age == UNKNOWN else age, sex, education, occupation, income, rank, self.unit)
            for age, sex, education, occupation, income, rank in zip(ages, *named, *numbers, strict=True)
        ]

    def texts(self, copy: int = 0) -> tuple[str, ...]:
        """Return two or three sentences per person, in the second person.

        Raises:
            UserError: the file of descriptions does not contain all people.
        """
        texts = tuple(text_of(facts) for facts in self.facts(copy))
        return texts if self.written is None else self.written.instead_of(texts)

    def table(self, copy: int = 0) -> pd.DataFrame:
        """Return a table with one row per person in one environment copy: attributes, weight and description."""
        import pandas as pd

        attributes = pd.DataFrame([facts._asdict() for facts in self.facts(copy)]).drop(columns="unit")
        return attributes.assign(weight=self.weight[copy].tolist(), text=self.texts(copy))

    def _named(self, column: str, copy: int) -> list[str | None]:
        labels = self.labels[column]
        indices: list[int] = getattr(self, column)[copy].tolist()
        return [None if index == UNKNOWN else labels[index] for index in indices]
