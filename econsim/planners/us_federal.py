"""US federal income tax: the statutory marginal rates of a year, for one filing status."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.actions import tax_thresholds
from econsim.errors import EconsimWarning
from econsim.game import Game, Role, TaxSchedules
from econsim.mechanisms.taxes import project
from econsim.mechanisms.us_law import FilingStatus, Law
from econsim.parameters import Model
from econsim.play import ConstantPolicy

__all__ = ["Parameters", "UsFederal"]

REFERENCES = (
    "@misc{irs2023revproc34, title={Revenue Procedure 2023-34}, author={{Internal Revenue Service}}, year={2023}, "
    "note={Tax rate schedules and standard deduction for 2024}}",
)


class Parameters(Model):
    """Parameters of the federal schedule."""

    year: int | None = Field(None, ge=2018, le=2026)
    """Tax year; none: the year of the game's brackets, or 2024 if they are not taken from the law of any year."""
    filing_status: FilingStatus | None = None
    """Filing status; none: that of the game's brackets, or single."""


class UsFederal(ConstantPolicy):
    """Announces the statutory rates, averaged within each bracket if the brackets of game and law differ."""

    is_current_law = True
    """The status quo with which other policies of a run are compared."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the rates ``[K]``; warns if the brackets of the game differ from those of the law."""
        thresholds = tax_thresholds(game, role, "us_federal")
        assert isinstance(game, TaxSchedules)
        law = self._law(game)
        schedule = law.schedule()
        statutory = schedule.thresholds.to(thresholds) / game.usd_per_unit
        if statutory.shape != thresholds.shape or not torch.equal(statutory, thresholds):
            warnings.warn(
                f"us_federal: the {len(thresholds)} brackets of the game are not those of the law of {law.year} "
                f"({law.filing_status}); the rate of each bracket is the average statutory marginal rate within it",
                EconsimWarning,
                stacklevel=3,
            )
        return project(statutory, schedule.rates.to(thresholds), thresholds)

    def _law(self, game: TaxSchedules) -> Law:
        game_law = game.law if isinstance(game.law, Law) else Law()
        year, status = self.parameters.year, self.parameters.filing_status
        return Law(year=year or game_law.year, filing_status=status or game_law.filing_status)
