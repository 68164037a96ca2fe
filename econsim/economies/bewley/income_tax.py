"""Tax on labour income with statutory brackets: own thresholds and rates, or US federal law."""

from __future__ import annotations

from functools import cache

import torch
from pydantic import Field, model_validator

from econsim.errors import UserError
from econsim.mechanisms.taxes import check_schedule, with_deduction
from econsim.mechanisms.us_law import Law
from econsim.parameters import Model
from econsim.populations import gb2

__all__ = ["Brackets", "schedule_of"]

_SHARES = 1_000  # of US individuals, equal, whose incomes' mean is that of the economy

Schedule = tuple[tuple[float, ...], tuple[float, ...]]


class Brackets(Model):
    """Brackets of labour income."""

    thresholds: tuple[float, ...] = Field(min_length=1)
    """Lower thresholds, multiples of mean labour income, starting at 0."""
    rates: tuple[float, ...] = Field(min_length=1)
    """Marginal rates, which do not fall with income."""

    @model_validator(mode="after")
    def _is_a_progressive_schedule(self) -> Brackets:
        try:
            check_schedule(self.thresholds, self.rates)
        except UserError as error:
            raise ValueError(f"income_tax.{error}") from None
        if list(self.rates) != sorted(self.rates):
            raise ValueError(
                f"income_tax.rates: expected rates that do not fall with income, found {list(self.rates)}; otherwise"
                " the choice of hours can have several optima, which the exact methods do not find"
            )
        return self


@cache
def schedule_of(tax: Brackets | Law | None) -> Schedule:
    """Return thresholds, multiples of mean labour income, and marginal rates; none where there are no brackets.

    Mean labour income is that of US individuals (American Community Survey 2023) for a law, whose standard deduction is
    a bracket at a rate of zero.
    """
    if tax is None:
        return (), ()
    if isinstance(tax, Brackets):
        return tax.thresholds, tax.rates
    law = tax.schedule()
    levels = (torch.arange(_SHARES, dtype=torch.float64) + 0.5) / _SHARES
    mean = gb2.GB2(gb2.Parameters()).quantile(levels).mean()
    thresholds, rates = with_deduction(law.thresholds / mean, law.rates, law.standard_deduction / mean)
    return tuple(thresholds.tolist()), tuple(rates.tolist())
