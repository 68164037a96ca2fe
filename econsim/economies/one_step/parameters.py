"""Parameters of the one-step economy, and the schedules that they name."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.economies.one_step.utility import Calibrated, Isoelastic, QuasiLinear
from econsim.errors import UserError
from econsim.mechanisms.taxes import check_schedule, project
from econsim.mechanisms.us_law import Law
from econsim.parameters import Chosen, FromRoom, Model

WelfareName = Literal[
    "inverse_income", "utilitarian", "rawlsian", "equality_times_productivity", "inverse_income_endogenous"
]


class Parameters(Model):
    """Parameters of the one-step economy."""

    workers: int = Field(100, ge=1, le=1_000_000)
    """Number of workers."""
    population: Annotated[Chosen, FromRoom("populations")] = Field("gb2", validate_default=True)
    """Distribution of income at 40 hours a week."""
    population_seed: int = Field(42, ge=0)
    """Seed of the population draw; the same people live in every copy."""
    redraw_population: bool = False
    """Draw a new population for every copy and episode instead."""
    brackets: Law | tuple[float, ...] = Law()
    """Lower thresholds of the tax brackets in money, the first 0; or a year of US federal law."""
    standard_deduction: float = Field(0.0, ge=0)
    """Income that is never taxed, in money."""
    status_quo: Law | tuple[float, ...] = Law()
    """Rates in force before the planner acts: one a bracket, or those of a year of US federal law."""
    utility: QuasiLinear | Calibrated | Isoelastic = Field(Calibrated(), discriminator="kind")
    """Utility family of the workers."""
    hours_cap: float = Field(100.0, gt=0, le=168)
    """Most hours a week."""
    hours_step: float | None = Field(None, gt=0)
    """Hours are worked in multiples of this; none: hours are continuous."""
    hours_as: Literal["amount", "index"] = "amount"
    """A worker's action: the amount of hours (rounded to the nearest step), or the index of a step."""
    welfare: WelfareName = "inverse_income"
    """Social welfare function that the planner is paid by."""
    tax_years: int = Field(1, ge=1, le=10_000)
    """Tax years in an episode."""
    steps_per_tax_year: int = Field(1, ge=1, le=10_000)
    """Working steps in a tax year."""

    @model_validator(mode="after")
    def _schedules_are_sound(self) -> Parameters:
        try:
            thresholds = thresholds_of(self.brackets)
            check_schedule(thresholds, status_quo_of(self.status_quo, thresholds))
        except UserError as error:
            raise ValueError(str(error)) from None
        if self.hours_step is not None and not (self.hours_cap / self.hours_step).is_integer():
            raise ValueError(f"hours_step {self.hours_step:g} does not divide hours_cap {self.hours_cap:g}")
        if self.hours_step is None and self.hours_as == "index":
            raise ValueError("hours_as: index needs an hours_step")
        if self.redraw_population and isinstance(self.utility, Isoelastic):
            # Workers reckon with the rebate of the people they know, whose weights a new draw would change.
            raise ValueError("redraw_population: the isoelastic family needs the same people in every copy")
        return self


def thresholds_of(brackets: Law | tuple[float, ...]) -> Tensor:
    """Return the lower ends of brackets, ``[K]`` float64, given as such or by the law of a year."""
    if isinstance(brackets, Law):
        return brackets.schedule().thresholds
    return torch.tensor(brackets, dtype=torch.float64)


def status_quo_of(rates: Law | tuple[float, ...], thresholds: Tensor) -> Tensor:
    """Return the rates in force, ``[K]`` float64: as given, or a law's averages within the brackets."""
    if isinstance(rates, Law):
        law = rates.schedule()
        return project(law.thresholds, law.rates, thresholds)
    return torch.as_tensor(rates, dtype=torch.float64)
