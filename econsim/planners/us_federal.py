"""US federal income tax: the statutory marginal rates of a year, for one filing status."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import EconsimWarning
from econsim.game import Game, Observation, Role
from econsim.mechanisms.taxes import project
from econsim.mechanisms.us_law import FilingStatus, Law
from econsim.parameters import Model
from econsim.planners._tax_schedule import announce, thresholds_of

__all__ = ["Parameters", "UsFederal"]

REFERENCES = (
    "@misc{irs2023revproc34, title={Revenue Procedure 2023-34}, author={{Internal Revenue Service}}, year={2023}, "
    "note={Tax rate schedules and standard deduction for 2024}}",
)


class Parameters(Model):
    """Parameters of the federal schedule."""

    year: int | None = Field(None, ge=2018, le=2026)
    """Tax year; none: that of the game's brackets, or 2024 where they are nobody's law."""
    filing_status: FilingStatus | None = None
    """Filing status; none: that of the game's brackets, or single."""


class UsFederal:
    """Announces the statutory rates; where the game's brackets differ from the law's, their average in each bracket."""

    learner: ClassVar[str | None] = None

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor:
        """Return the rates ``[K]``; warns where the game's brackets are not the law's."""
        thresholds = thresholds_of(game, role, "us_federal")
        law = self._law(game)
        schedule, usd_per_unit = law.schedule(), getattr(game, "usd_per_unit", 1.0)
        statutory = schedule.thresholds.to(thresholds) / usd_per_unit
        if statutory.shape != thresholds.shape or not torch.equal(statutory, thresholds):
            warnings.warn(
                f"us_federal: the game's {len(thresholds)} brackets are not those of {law.year} "
                f"({law.filing_status}); each is given the law's average marginal rate within it",
                EconsimWarning,
                stacklevel=2,
            )
        return project(statutory, schedule.rates.to(thresholds), thresholds)

    def _law(self, game: Game[Any]) -> Law:
        own = getattr(game, "law", None) or Law()
        year, status = self.parameters.year, self.parameters.filing_status
        return Law(year=year or own.year, filing_status=status or own.filing_status)

    def act(self, observation: Observation, memory: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rates for every copy, ``[B, 1, K]``."""
        return announce(memory, observation), memory
