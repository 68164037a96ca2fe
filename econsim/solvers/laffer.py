"""Laffer curve: tax revenue of stationary equilibria by the rate of one instrument, and its peak.

Prices, hours, saving and the distribution of households are those of the equilibrium at each rate; all other
instruments stay as they are. Revenue is that of all taxes, per household and period.

Source: Trabandt and Uhlig (2011) for the curve in general equilibrium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import Field, model_validator

from econsim.errors import UserError
from econsim.game import Agent, Game, StatusQuo
from econsim.households.equilibrium import Equilibrium, stationary_equilibrium
from econsim.households.protocols import SolvesHouseholds
from econsim.learning import Certificate, Curve, Quantity, Solution, SolverProgress
from econsim.mechanisms.laffer import LafferCurve, laffer_curve
from econsim.parameters import Model
from econsim.solvers._pace import Pace

__all__ = ["Laffer", "Parameters"]

REFERENCES = (
    "@article{trabandt2011laffer, title={The Laffer Curve Revisited}, author={Trabandt, Mathias and Uhlig, Harald}, "
    "journal={Journal of Monetary Economics}, volume={58}, number={4}, pages={305--327}, year={2011}}",
)
_EVALUATIONS = 300  # interest rates of all equilibria, usually fewer


class Parameters(Model):
    """Parameters of the solver."""

    instrument: str = "labour_tax"
    """The instrument whose rate varies, as in the status quo of the economy."""
    low: float = Field(0.0, ge=0, lt=1)
    """The lowest rate."""
    high: float = Field(0.9, gt=0, le=1)
    """The highest rate."""
    points: int = Field(10, ge=5, le=1000)
    """Number of rates of the curve."""
    tolerance: float = Field(0.01, gt=0, lt=1)
    """Accuracy of the rate at the peak, which further equilibria around the best rate narrow down."""

    @model_validator(mode="after")
    def _agree(self) -> Parameters:
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self


class Laffer:
    """Solver of the curve, for economies whose households save."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return revenue, output and capital by rate, and the peak, as ``quantities``; there are no agents.

        Raises:
            UserError: the game does not solve the problem of its households, an agent is fixed, there is no such
                instrument, a rate has no equilibrium, or the time limit passed.
        """
        if not isinstance(game, SolvesHouseholds):
            raise UserError(
                f"laffer: needs an economy whose households save, such as bewley; {type(game).__name__} does not have"
                " such households"
            )
        if fixed:
            raise UserError(f"laffer: no agent can be fixed, found {', '.join(sorted(fixed))}")
        pace, done = Pace(_EVALUATIONS, time_limit, progress), 0
        found: dict[float, Equilibrium] = {}

        def stops(_: int, message: str) -> bool:
            nonlocal done
            done += 1
            return pace.stops(done, message)

        def revenue_of(rates: Any) -> list[float]:
            for rate in map(float, rates):
                if rate not in found:
                    taxes = game.taxes({self.parameters.instrument: rate})
                    try:
                        found[rate] = stationary_equilibrium(
                            game.household_problem, game.technology, taxes, stops=stops
                        )
                    except UserError as error:
                        raise UserError(f"at {self.parameters.instrument} {rate:g}: {error}") from error
            return [_AMOUNTS["revenue"](found[float(rate)]) for rate in rates]

        settings = self.parameters
        curve = laffer_curve(revenue_of, settings.low, settings.high, settings.points, settings.tolerance)
        residuals = {
            f"Largest residual, {name}": max(each.residuals[name] for each in found.values())
            for name in next(iter(found.values())).residuals
        }
        certificate = Certificate(0.0, None, "policy", "not computed")
        rows = (*_peak(curve, game.unit), *_rows(curve, found, settings.instrument, game.unit))
        curves = tuple(_curves(curve, found, settings.instrument, game))
        return Solution({}, residuals, certificate, notes=_notes(curve, settings), quantities=rows, curves=curves)


def _peak(curve: LafferCurve, unit: str) -> Iterator[Quantity]:
    yield Quantity("peak", "rate", curve.peak_rate, "share")
    yield Quantity("peak", "revenue", curve.peak_revenue, unit)


def _rows(curve: LafferCurve, found: Mapping[float, Equilibrium], instrument: str, unit: str) -> Iterator[Quantity]:
    at = {f"{100 * rate:.4g} %": found[float(rate)] for rate in curve.table["rate"]}
    for title, amount in _AMOUNTS.items():
        for rate, equilibrium in at.items():
            yield Quantity(f"{title} by {_in_words(instrument)}", rate, amount(equilibrium), unit)


def _curves(
    curve: LafferCurve, found: Mapping[float, Equilibrium], instrument: str, game: Game[Any]
) -> Iterator[Curve]:
    """Yield curves through all equilibria that were found, also those around the peak."""
    rates, now = sorted(found), _in_force(game, instrument)
    for title, amount in _AMOUNTS.items():
        best = curve.peak_rate if title == "revenue" and curve.inside else None
        values = tuple(amount(found[rate]) for rate in rates)
        yield Curve(title, _in_words(instrument), tuple(rates), values, game.unit, now, best)


def _in_force(game: Game[Any], instrument: str) -> float | None:
    """Return the rate of the status quo; ``None`` where no leader sets the instrument."""
    for role in game.roles.values():
        if role.leads and isinstance(game, StatusQuo) and instrument in role.action_labels:
            return float(game.status_quo(role.name)[role.action_labels.index(instrument)])
    return None


def _in_words(instrument: str) -> str:
    return instrument.replace("_", " ")


_AMOUNTS: dict[str, Callable[[Equilibrium], float]] = {
    "revenue": lambda equilibrium: equilibrium.aggregates.revenue,
    "output": lambda equilibrium: equilibrium.output,
    "capital": lambda equilibrium: equilibrium.capital,
}


def _notes(curve: LafferCurve, settings: Parameters) -> tuple[str, ...]:
    if curve.inside:
        return (f"The rate at the peak is accurate to {100 * settings.tolerance:g} percentage points.",)
    return (f"Revenue has no peak between {100 * settings.low:g} % and {100 * settings.high:g} %.",)
