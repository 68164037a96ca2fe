"""Parameters of the New Keynesian economy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from econsim.economies.bewley.parameters import Productivity
from econsim.households.problem import Household, Labour, asset_grid
from econsim.parameters import Model

__all__ = ["LEAST_RESPONSE", "RULE", "Objective", "Parameters", "QuarterlyProductivity", "Rule"]

LEAST_RESPONSE = 1.05
"""The least response to inflation of a rule: the path after a shock is unique only above one."""

MOST_OUTPUT_RESPONSE = 2.0
"""Of the nominal rate of a period; with 3 the default economy has no path that Newton's method finds."""


class QuarterlyProductivity(Productivity):
    """A Markov chain of individual productivity, whose mean is one; a period is a quarter with the defaults."""

    persistence: float = Field(0.966, ge=0, lt=1)
    """Autocorrelation of log productivity per period."""
    deviation: float = Field(0.5, gt=0)
    """Stationary standard deviation of log productivity."""


class Rule(Model):
    """Coefficients of a Taylor rule for annual rates; those of Taylor (1993) are 1.5 and 0.5."""

    inflation_response: float = Field(1.5, ge=LEAST_RESPONSE, le=10)
    """Rise of the nominal rate with inflation; above one, so that the path after a shock is unique."""
    output_response: float = Field(0.0, ge=0, le=100)
    """Rise of the annual nominal rate with log output relative to the stationary equilibrium."""


RULE = tuple(Rule.model_fields)
"""The entries of a rule, in order."""


class Objective(Model):
    """Weights of the central bank's reward in a period."""

    welfare: float = 1.0
    """Of mean utility."""
    inflation: float = Field(0.0, ge=0)
    """Of minus squared inflation."""
    output: float = Field(0.0, ge=0)
    """Of minus the square of log output relative to the stationary equilibrium."""


class Parameters(Model):
    """Parameters of the economy; a period is a quarter with the defaults, which are those of sequence-jacobian."""

    households: int | Literal["distribution"] = Field(100)
    """Number of households, a sample of the population; or ``distribution``: the whole population, as masses on a grid
    of productivity and assets."""
    sampling: Literal["random", "stratified"] = "random"
    """How a sample is drawn: households of equal weight at random, or as many from each state of productivity,
    weighted by its share (``stratified``)."""
    discount: float = Field(0.9847, gt=0, lt=1)
    """Discount factor of households."""
    risk_aversion: float = Field(2.0, gt=0, le=20)
    """Coefficient of relative risk aversion; one is logarithmic."""
    labour_weight: float = Field(0.794, gt=0)
    """Weight of the disutility of hours, which are a choice since output is demand."""
    labour_curvature: float = Field(2.0, gt=0, le=100)
    """Inverse of the Frisch elasticity of hours."""
    largest_hours: float = Field(2.0, gt=0)
    """The most hours that a household can offer at the wage of the stationary equilibrium; mean hours are near one with
    the defaults."""
    productivity: QuarterlyProductivity = QuarterlyProductivity()
    """Individual productivity."""
    markup: float = Field(1.2, gt=1, le=10)
    """Prices over marginal cost at zero inflation."""
    slope: float = Field(0.1, gt=0, le=1)
    """Slope of the Phillips curve in marginal cost."""
    debt: float = Field(5.6, gt=0, le=1000)
    """Real public debt over output of a period, the only asset."""
    shock_size: float = Field(0.0025, ge=-0.1, le=0.1)
    """Shock to the nominal rate in period 1, a fraction per period (0.0025 is one percentage point a year in quarters);
    above zero is tighter policy."""
    shock_persistence: float = Field(0.61, ge=0, lt=1)
    """Share of the shock that is left a period later."""
    shock_multiples: tuple[float, ...] = Field((1.0,), min_length=1, max_length=100)
    """The shock of an episode is ``shock_size`` times one of these, with equal chances; several, with zero among them,
    let households learn to respond to it."""
    status_quo: Rule = Rule()
    """Taylor rule in force in period 0, before the central bank acts."""
    highest_response: float = Field(5.0, ge=LEAST_RESPONSE, le=10)
    """The highest coefficient that the central bank can set."""
    periods_per_year: int = Field(4, ge=1, le=366)
    """Periods of a year, by which the response to output is divided for a period; interest rates and inflation, too,
    are per period."""
    lowest_nominal_rate: float = Field(-0.5, gt=-1, lt=0)
    """Effective lower bound of the nominal rate per period. The default binds in no plausible play; exact households
    and firms that expect the path know no bound."""
    expectations: Literal["path", "adaptive"] = "path"
    """What firms expect of the next period: the exact ``path`` after the shock under the rule in force, on which all
    households are exact; or (``adaptive``) that a share of the last period's inflation is left, and output as it is."""
    inertia: float = Field(0.5, ge=0, le=1)
    """That share. At 0.9 and above, inflation diverges from zero under exact households and the default rule."""
    objective: Objective = Objective()
    """The central bank's reward."""
    periods: int = Field(40, ge=2, le=1000)
    """Periods of an episode; the shock arrives in period 1."""
    review: int | None = Field(None, ge=1)
    """Periods from one rule to the next; null: one rule for the whole episode."""
    path_periods: int = Field(300, ge=20, le=1000)
    """Periods after the shock in which exact paths have to be back in the stationary equilibrium."""
    grid_points: int = Field(100, ge=10, le=5000)
    """Grid points of assets, of the exact policies and of the representation ``distribution``."""
    largest_assets: float = Field(150.0, gt=0)
    """Largest assets of a household in both; in units of output."""

    @model_validator(mode="after")
    def _fits_together(self) -> Parameters:
        states = self.productivity.count
        if isinstance(self.households, int) and not 1 <= self.households <= 10_000_000:
            raise ValueError(f"households: expected 1 to 10,000,000, or distribution, found {self.households}")
        if self.sampling == "stratified" and isinstance(self.households, int) and self.households < states:
            raise ValueError(
                f"sampling: stratified needs a household for each of the {states} states of productivity, found"
                f" households: {self.households}; raise households, or set sampling: random"
            )
        if self.path_periods < self.periods:
            raise ValueError(
                f"path_periods: {self.path_periods} is less than an episode of {self.periods} periods; raise it, or"
                " lower periods"
            )
        if self.highest_response > MOST_OUTPUT_RESPONSE * self.periods_per_year:
            raise ValueError(
                f"highest_response: {self.highest_response:g} is a response to output of"
                f" {self.highest_response / self.periods_per_year:g} per period; paths are found for at most"
                f" {MOST_OUTPUT_RESPONSE:g}; lower it"
            )
        for name, value in self.status_quo.model_dump().items():
            if value > self.highest_response:
                raise ValueError(
                    f"highest_response: {self.highest_response:g} is below status_quo.{name}, {value:g}; raise it"
                )
        return self

    def household(self) -> Household:
        """Return the household's problem."""
        return Household(
            self.discount,
            self.risk_aversion,
            self.productivity.chain(),
            asset_grid(0.0, self.largest_assets, self.grid_points),
            Labour(self.labour_weight, self.labour_curvature, self.largest_hours),
        )
