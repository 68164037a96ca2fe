"""Parameters of the pandemic in the states."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from econsim.parameters import Model

__all__ = ["NUMERIC", "Parameters"]


class Parameters(Model):
    """Parameters of the pandemic in the states. Defaults are those of Trott et al. (2021), a step is a day."""

    folder: str | None = Field(None, min_length=1)
    """Folder with the data and the fitted parameters of the states (``states.csv``, ``history.csv``, ``federal.csv``
    and, optionally, ``subsidies.csv``), relative to the working directory; null: 51 states with made (synthetic)
    numbers, which say nothing about actual ones."""
    start: date = date(2020, 3, 22)
    """First day, for which ``history.csv`` has to have the state of the epidemic."""
    days: int = Field(540, ge=1, le=10_000)
    """Number of days of an episode."""
    policies: Literal["chosen", "actual"] = "chosen"
    """Who sets stringency and subsidies: ``chosen``, governors and federal government; ``actual``, the history in the
    data, whatever the agents choose."""
    cooldown: int = Field(28, ge=1)
    """Days from one choice of a level of stringency to the next."""
    subsidy_every: int = Field(90, ge=1)
    """Days from one choice of the federal subsidy to the next."""
    subsidy_levels: int = Field(20, ge=1, le=1000)
    """Number of levels of the subsidy above zero."""
    most_subsidy: float = Field(20_000.0, ge=0)
    """Highest subsidy, US dollars per person and year."""
    vaccination_start: date = date(2021, 1, 12)
    """First day of vaccinations."""
    daily_vaccines: float = Field(3000.0, ge=0, le=1e6)
    """Doses per day and million people; each state gets a whole number of them."""
    recovery_days: float = Field(14.0, ge=1)
    """Mean number of days of an infection."""
    death_share: float = Field(0.02, ge=0, le=1)
    """Deaths as a share of those who recovered or died without a vaccination."""
    lag: int = Field(29, ge=1, le=365)
    """Days from a level of stringency to the infections that depend on it."""
    filter_days: tuple[float, ...] = Field((27.7, 62.9, 129.2, 264.4, 542.1), min_length=1, max_length=20)
    """Decay times of the filters through which changes of stringency act on unemployment, in days."""
    window: int = Field(600, ge=30, le=2000)
    """Days for which a change of stringency acts on unemployment."""
    working_age: float = Field(0.6, gt=0, le=1)
    """Share of the population of working age."""
    sick_share: float = Field(0.1, ge=0, le=1)
    """Share of the infected who are too sick to work."""
    annual_output: float = Field(65_300.0, gt=0)
    """Output without a pandemic, US dollars per person and year; it determines the output of a worker."""
    value_of_life: float = Field(10e6, ge=0)
    """Value of a life, US dollars."""
    interest_rate: float = Field(0.03, ge=0)
    """Interest that the federal government pays on subsidies, as a fraction of each."""
    risk_aversion: float = Field(2.0, ge=0, lt=20)
    """Coefficient of relative risk aversion of the utility of output."""
    health_priority: float = Field(1.0, ge=0)
    """Factor on the governors' odds of health against the economy, as inferred in the data."""
    federal_health_priority: float = Field(1.0, ge=0)
    """The same for the federal government."""
    intercept_factor: float = Field(1.0, ge=0)
    """Factor on the intercepts of all infection rates: robustness to their calibration."""
    slope_factor: float = Field(1.0, ge=0)
    """Factor on the effect of stringency on all infection rates."""
    unemployment_factor: float = Field(1.0, ge=0)
    """Factor on the effect of changes of stringency on unemployment in all states."""
    infection_uncertainty: float = Field(0.0, ge=0, le=0.5)
    """Standard deviation of the log of a factor on each state's infection rates, drawn for each episode; 0: published
    dynamics, without random draws."""
    unemployment_uncertainty: float = Field(0.0, ge=0, le=0.5)
    """The same for each state's response of unemployment."""
    indicators: bool = False
    """Let governors observe which state they govern, one feature for each state, as in the published policies."""

    @model_validator(mode="after")
    def _fits_together(self) -> Parameters:
        if self.lag > self.window:
            raise ValueError(f"window: expected at least the {self.lag} days of lag, found {self.window}")
        if any(days <= 0 for days in self.filter_days):
            raise ValueError(f"filter_days: expected decay times above 0, found {list(self.filter_days)}")
        return self


NUMERIC = (
    "daily_vaccines",
    "recovery_days",
    "death_share",
    "working_age",
    "sick_share",
    "value_of_life",
    "interest_rate",
    "risk_aversion",
    "health_priority",
    "federal_health_priority",
    "intercept_factor",
    "slope_factor",
    "unemployment_factor",
    "infection_uncertainty",
    "unemployment_uncertainty",
)
"""The parameters that are data: they may differ between the environment copies of a batch."""
