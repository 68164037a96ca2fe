"""People with their personas, as columns."""

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
    """Those that a population's ``sample`` draws under the same key, described; all columns ``[B, N]``, on the CPU.

    age: int64, years. sex, education, occupation: int64, places in ``labels``. ``UNKNOWN`` where nobody knows.
    income: float64, a year at 40 hours a week, in ``unit``. weight: how many people each stands for.
    rank: float64 in (0, 1), the share of the population that earns less. written: texts that replace the template's.
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
        """Return what is known of each person of one copy of the game."""
        ages: list[int] = self.age[copy].tolist()
        named = (self._named(column, copy) for column in ("sex", "education", "occupation"))
        numbers = (column[copy].tolist() for column in (self.income, self.rank))
        return [
            Facts(None if age == UNKNOWN else age, sex, education, occupation, income, rank, self.unit)
            for age, sex, education, occupation, income, rank in zip(ages, *named, *numbers, strict=True)
        ]

    def texts(self, copy: int = 0) -> tuple[str, ...]:
        """Return two or three sentences a person, in the second person.

        Raises:
            UserError: texts were written for other people.
        """
        texts = tuple(text_of(facts) for facts in self.facts(copy))
        return texts if self.written is None else self.written.instead_of(texts)

    def table(self, copy: int = 0) -> pd.DataFrame:
        """Return one row a person of one copy: the columns in words and numbers, and the text."""
        import pandas as pd

        known = pd.DataFrame([facts._asdict() for facts in self.facts(copy)]).drop(columns="unit")
        return known.assign(weight=self.weight[copy].tolist(), text=self.texts(copy))

    def _named(self, column: str, copy: int) -> list[str | None]:
        labels = self.labels[column]
        places: list[int] = getattr(self, column)[copy].tolist()
        return [None if place == UNKNOWN else labels[place] for place in places]
