"""US federal income tax: the statutory marginal rates of a year, for one filing status."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.actions import tax_thresholds
from econsim.economics import DeclaresIncomes, SetsLogLinearTax
from econsim.errors import EconsimWarning
from econsim.game import Game, Role, TaxSchedules
from econsim.mechanisms.us_law import FilingStatus, Law, adaptation_in_words, law_on_brackets
from econsim.parameters import Model
from econsim.planners._log_linear import closest_action
from econsim.play import ConstantPolicy
from econsim.populations import gb2

__all__ = ["Parameters", "UsFederal"]

REFERENCES = (
    "@misc{irs2023revproc34, title={Revenue Procedure 2023-34}, author={{Internal Revenue Service}}, year={2023}, "
    "note={Tax rate schedules and standard deduction for 2024}}",
)


US_INCOMES = 1_000


class Parameters(Model):
    """Parameters of the federal schedule."""

    year: int | None = Field(None, ge=2018, le=2026)
    """Tax year; none: the year of the game's brackets, or 2024 if they are not taken from the law of any year."""
    filing_status: FilingStatus | None = None
    """Filing status; none: that of the game's brackets, or single."""


def _us_incomes() -> Tensor:
    """Return the incomes of US individuals at the middle of each of 1,000 equal shares of people, US dollars."""
    levels = (torch.arange(US_INCOMES, dtype=torch.float64) + 0.5) / US_INCOMES
    return gb2.GB2(gb2.Parameters()).quantile(levels)


class UsFederal(ConstantPolicy):
    """Announces the statutory rates; if the brackets differ, rates that raise the law's revenue in every bracket.

    The revenue is that at the incomes which the game's players declare under the law, or, where the game does not know
    them, at US incomes of the American Community Survey 2023 (``gb2``).
    """

    is_current_law = True
    """The status quo with which other policies of a run are compared."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the rates ``[K]`` or ``[B, K]``; warns if the brackets of the game differ from those of the law.

        Where the leader sets a log-linear tax on labour income, the action closest to the law, with mean US income for
        the mean income of the game.
        """
        if isinstance(game, SetsLogLinearTax):
            return self._log_linear(game)
        thresholds = tax_thresholds(game, role, "us_federal")
        assert isinstance(game, TaxSchedules)
        law = self._law(game)
        schedule, unit = law.schedule(), game.usd_per_unit
        statutory, rates = schedule.thresholds.to(thresholds) / unit, schedule.rates.to(thresholds)
        if statutory.shape == thresholds.shape and torch.equal(statutory, thresholds):
            return rates
        if isinstance(game, DeclaresIncomes):
            source, (incomes, people) = "that people declare under the law", game.declared_incomes(statutory, rates)
        else:
            source, incomes = "of the American Community Survey 2023", _us_incomes().to(thresholds) / unit
            people = torch.ones_like(incomes)
        adapted = law_on_brackets(schedule, thresholds, incomes, people, unit)
        warnings.warn(
            adaptation_in_words(law, adapted, source, game.unit),
            EconsimWarning,
            stacklevel=3,
        )
        return adapted.rates

    def _log_linear(self, game: SetsLogLinearTax) -> Tensor:
        year, status = self.parameters.year or Law().year, self.parameters.filing_status or Law().filing_status
        schedule, mean = Law(year=year, filing_status=status).schedule(), float(_us_incomes().mean())
        return closest_action(
            game, None, schedule.thresholds / mean, schedule.rates, schedule.standard_deduction / mean
        )

    def _law(self, game: TaxSchedules) -> Law:
        game_law = game.law if isinstance(game.law, Law) else Law()
        year, status = self.parameters.year, self.parameters.filing_status
        return Law(year=year or game_law.year, filing_status=status or game_law.filing_status)
