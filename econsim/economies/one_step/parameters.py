"""Parameters of the one-step economy and the tax schedules that they specify."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.economics import LOWEST_RATE
from econsim.economies.one_step.utility import Calibrated, Isoelastic, QuasiLinear
from econsim.errors import UserError
from econsim.mechanisms.taxes import check_schedule
from econsim.mechanisms.us_law import Law
from econsim.parameters import Chosen, FromRoom, Model

WelfareName = Literal[
    "inverse_income",
    "utilitarian",
    "rawlsian",
    "geometric_mean",
    "equality_times_productivity",
    "inverse_income_endogenous",
]


class Parameters(Model):
    """Parameters of the one-step economy."""

    workers: int = Field(100, ge=1, le=1_000_000)
    """Number of workers."""
    population: Annotated[Chosen, FromRoom("populations")] = Field("gb2", validate_default=True)
    """Distribution of income at 40 hours a week."""
    population_seed: int = Field(42, ge=0)
    """Seed of the population draw; all environment copies have the same population."""
    redraw_population: bool = False
    """Draw a new population in every environment copy and episode instead."""
    brackets: Law | tuple[float, ...] = Law()
    """Lower thresholds of the tax brackets in money, starting at 0; or a year of US federal law."""
    standard_deduction: float = Field(0.0, ge=0)
    """Standard deduction: income exempt from tax, in money."""
    status_quo: Law | tuple[float, ...] = Law()
    """Marginal tax rates in force before the planner acts: one per bracket, or those of a year of US federal law. On
    other brackets than those of the law, each bracket raises the revenue of the law at the incomes under the law."""
    lowest_rate: float = Field(0.0, ge=LOWEST_RATE, le=0)
    """Lowest marginal tax rate that a planner may set. Below zero, schedules may subsidise work, like the phase-in of
    an earned income tax credit; credits that exceed revenue are paid for by a levy, a negative rebate."""
    utility: QuasiLinear | Calibrated | Isoelastic = Field(Calibrated(), discriminator="kind")
    """Utility family of the workers."""
    hours_cap: float = Field(100.0, gt=0, le=168)
    """Maximum hours per week."""
    hours_step: float | None = Field(None, gt=0)
    """Step size of hours per week; null: hours are continuous."""
    hours_as: Literal["amount", "index"] = "amount"
    """A worker's action. ``amount``: hours per week, rounded to the nearest step; ``index``: the index of a step."""
    welfare: WelfareName = "inverse_income"
    """Social welfare function, whose value is the planner's reward."""
    tax_years: int = Field(1, ge=1, le=10_000)
    """Tax years per episode."""
    steps_per_tax_year: int = Field(1, ge=1, le=10_000)
    """Working steps per tax year."""

    @model_validator(mode="after")
    def _schedules_are_sound(self) -> Parameters:
        try:
            thresholds = thresholds_of(self.brackets)
            given = self.status_quo
            rates = torch.zeros_like(thresholds) if isinstance(given, Law) else given
            check_schedule(thresholds, rates, self.lowest_rate)
        except UserError as error:
            raise ValueError(str(error)) from None
        if self.hours_step is not None and not _divides(self.hours_step, self.hours_cap):
            raise ValueError(f"hours_step {self.hours_step:g} does not divide hours_cap {self.hours_cap:g}")
        if self.hours_step is None and self.hours_as == "index":
            raise ValueError("hours_as: index requires hours_step")
        if self.welfare == "geometric_mean" and not self.utility.in_money:
            raise ValueError("welfare: geometric_mean is the mean of log utility in money; choose a utility in money")
        if self.redraw_population and isinstance(self.utility, Isoelastic):
            # Workers expect the rebate of the initial population, whose weights a new draw would change.
            raise ValueError(
                "redraw_population: the isoelastic family requires the same population in every environment copy"
            )
        return self


def _divides(step: float, total: float) -> bool:
    """Return whether a step divides a total up to rounding: 168 / 0.7 is 240 steps, though not in floating point."""
    return total >= step and abs(math.remainder(total, step)) <= 1e-9 * step


def thresholds_of(brackets: Law | tuple[float, ...]) -> Tensor:
    """Return the lower thresholds of the brackets, ``[K]`` float64, as given or as enacted in a year."""
    if isinstance(brackets, Law):
        return brackets.schedule().thresholds
    return torch.tensor(brackets, dtype=torch.float64)
