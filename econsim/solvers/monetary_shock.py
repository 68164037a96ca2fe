"""Monetary shock: the response of a New Keynesian economy whose households are those of the game.

Households learn of a shock to the Taylor rule in period 0 and know the path of all prices from then on. The path solves
the Phillips curve and the markets of assets and labour in every period, without linearisation; see
:mod:`econsim.households.monetary_shocks`. Beside it are the response to first order, and that of an economy with one
representative household of the same preferences, which has no precautionary saving and no borrowing limit. Firms,
central bank and government are those of :mod:`econsim.households.new_keynesian`: with the parameters of an economy that
has them, such as ``new_keynesian``, except where the solver's are given; otherwise with this solver's parameters, and
those of the game, its capital among them, play no part.

Source: Auclert, Bardóczy, Rognlie and Straub (2021) for the economy and the Jacobian of Newton's method.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.households.chains import Floats
from econsim.households.equilibrium import Equilibrium
from econsim.households.monetary_shocks import MonetaryResponse, monetary_response
from econsim.households.new_keynesian import StickyPrices, representative_response, stationary_prices
from econsim.households.problem import Household
from econsim.households.protocols import HasStickyPrices, SolvesHouseholds
from econsim.learning import Certificate, Quantity, Series, Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._pace import Pace

__all__ = ["MonetaryShock", "Parameters"]

REFERENCES = (
    "@article{auclert2021sequence, title={Using the Sequence-Space Jacobian to Solve and Estimate Heterogeneous-Agent "
    "Models}, author={Auclert, Adrien and Bard{\\'o}czy, Bence and Rognlie, Matthew and Straub, Ludwig}, "
    "journal={Econometrica}, volume={89}, number={5}, pages={2375--2408}, year={2021}}",
    "@article{taylor1993discretion, title={Discretion versus policy rules in practice}, author={Taylor, John B.}, "
    "journal={Carnegie-Rochester Conference Series on Public Policy}, volume={39}, pages={195--214}, year={1993}}",
)
_EVALUATIONS = 20  # usually fewer
_SHOWN = 40  # periods of a figure
_WORDS = {
    "nominal_rate": "nominal rate of debt",
    "interest_rate": "real rate on debt that falls due",
    "inflation": "inflation",
    "output": "output",
    "consumption": "consumption",
    "wage": "real wage",
    "profit": "profit",
    "transfer": "profit less tax, per household",
}


class Parameters(Model):
    """Parameters of the solver; rates are per period."""

    size: float = Field(0.0025, ge=-0.1, le=0.1)
    """Shock to the nominal rate in period 0, a fraction per period (0.0025 is one percentage point a year in quarters);
    above zero is tighter policy."""
    persistence: float = Field(0.61, ge=0, lt=1)
    """Share of the shock that is left a period later."""
    inflation_response: float = Field(1.5, gt=1, le=10)
    """Rise of the nominal rate with inflation in the Taylor rule; above 1, so that the path is unique."""
    output_response: float = Field(0.0, ge=0, le=10)
    """Rise of the nominal rate with log output relative to its stationary value."""
    slope: float = Field(0.1, gt=0, le=100)
    """Slope of the Phillips curve in marginal cost."""
    markup: float = Field(1.2, gt=1, le=10)
    """Prices over marginal cost at zero inflation."""
    debt: float = Field(5.6, ge=0, le=1000)
    """Real public debt over output of a period, the only asset."""
    periods: int = Field(300, ge=20, le=1000)
    """Periods after which the economy has to be back in its stationary equilibrium."""
    tolerance: float = Field(1e-9, gt=0, lt=1e-2)
    """Largest residual of the Phillips curve and of any market in any period, relative to output."""


@dataclass(frozen=True)
class MonetarySolution(Solution):
    """The response to a monetary shock; ``household`` is the problem of the households."""

    household: Household | None = None
    firms: StickyPrices | None = None
    equilibrium: Equilibrium | None = None
    response: MonetaryResponse | None = None


class MonetaryShock:
    """Solver of the path after a shock to the Taylor rule, for economies whose households save and choose hours."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> MonetarySolution:
        """Return responses as ``quantities``, and paths as ``series``; there are no agents.

        Raises:
            UserError: the game does not solve the problem of its households, their hours are no choice, an agent is
                fixed, households do not hold the debt at any interest rate, or the path was not found to the tolerance
                within the time limit.
        """
        if not isinstance(game, (SolvesHouseholds, HasStickyPrices)):
            raise UserError(
                "monetary_shock: needs an economy whose households save, such as new_keynesian or bewley;"
                f" {type(game).__name__} does not have such households"
            )
        if fixed:
            raise UserError(f"monetary_shock: no agent can be fixed, found {', '.join(sorted(fixed))}")
        if isinstance(game, SolvesHouseholds) and game.has_ages:
            raise UserError("monetary_shock: households live for ever in this solver; leave economy.life_cycle out")
        pace, done = Pace(_EVALUATIONS, time_limit, progress), 0

        def stops(_: int, message: str) -> bool:
            nonlocal done
            done += 1
            return pace.stops(done, message)

        settings = self._settings(game)
        household, firms = game.household_problem, _firms(settings)
        around = stationary_prices(household, firms)
        shock: Floats = np.float64(settings.size) * np.power(settings.persistence, np.arange(settings.periods))
        found = monetary_response(household, firms, around, shock, settings.tolerance, stops)
        assert household.labour is not None
        single = representative_response(
            household.risk_aversion, household.labour.curvature, around.interest_rate, firms, shock
        )
        return MonetarySolution(
            {},
            {f"Residual, {name}": value for name, value in found.residuals.items()},
            Certificate(0.0, None, "policy", "not computed"),
            notes=tuple(_notes(settings, isinstance(game, HasStickyPrices))),
            quantities=tuple(_quantities(around, found, single, game.unit)),
            series=tuple(_series(around, found, game.unit)),
            household=household,
            firms=firms,
            equilibrium=around,
            response=found,
        )

    def _settings(self, game: object) -> Parameters:
        """Return the parameters; those that are not given are the economy's, where it has them."""
        given = self.parameters
        if not isinstance(game, HasStickyPrices):
            return given
        own = {name: value for name, value in game.monetary_settings.items() if name not in given.model_fields_set}
        return given.model_copy(update=own)


def _firms(settings: Parameters) -> StickyPrices:
    rule = settings.inflation_response, settings.output_response
    return StickyPrices(settings.markup, settings.slope, *rule, settings.debt)


def _notes(settings: Parameters, is_own: bool) -> Iterator[str]:
    yield (
        f"Shock: {100 * settings.size:g} percentage points of the nominal rate of a period, of which"
        f" {settings.persistence:.0%} are left a period later."
    )
    if is_own:
        yield "Period 0 of the path is period 1 of an episode, in which the shock arrives."
    else:
        yield "Firms, central bank and government are those of the solver; the game's capital and taxes are not used."


def _quantities(
    around: Equilibrium, found: MonetaryResponse, single: Mapping[str, Floats], unit: str
) -> Iterator[Quantity]:
    """Yield the stationary equilibrium and the responses of period 0 and of all periods together."""
    yield Quantity("stationary equilibrium", "real interest rate", around.interest_rate, "share")
    yield Quantity("stationary equilibrium", "output", around.output, unit)
    yield Quantity("stationary equilibrium", "real wage", around.wage, unit)
    exact = {"output": np.log(found.exact["output"] / around.output), "inflation": found.exact["inflation"]}
    linear = {"output": found.linear["output"] / around.output - 1, "inflation": found.linear["inflation"]}
    for title, paths in {"response": exact, "to first order": linear, "representative household": single}.items():
        for name in ("output", "inflation"):
            yield Quantity(title, f"{name} in period 0", float(paths[name][0]), "share")
            yield Quantity(title, f"{name}, sum over all periods", float(paths[name].sum()), "share")


def _series(around: Equilibrium, found: MonetaryResponse, unit: str) -> Iterator[Series]:
    """Yield the first periods of the exact path."""
    rate, output = around.interest_rate, around.output
    transfer = around.aggregates.transfer
    steady = {"nominal_rate": rate, "interest_rate": rate, "inflation": 0.0, "output": output, "wage": around.wage}
    steady |= {"consumption": output, "profit": (1 - around.wage) * output, "transfer": transfer}
    shares = ("nominal_rate", "interest_rate", "inflation")
    for name, words in _WORDS.items():
        kind = "share" if name in shares else unit
        values = tuple(found.exact[name][:_SHOWN].tolist())
        yield Series(words, kind, values, steady[name], steady[name])
