"""Transition after a permanent reform of taxes: the path to the new stationary equilibrium, and who gains.

Households learn of the reform in period 0 and know all prices from then on. The path solves market clearing and the
government's budget in every period, without linearisation; see :mod:`econsim.households.transitions`. Gains are in
consumption equivalents, for households in each state in period 0, beside a comparison of the two steady states.

Source: Auclert, Bardóczy, Rognlie and Straub (2021) for the Jacobian of Newton's method.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.households.protocols import SolvesHouseholds
from econsim.households.reforms import Reform, ReformSolution, reform, reform_quantities, reform_series
from econsim.households.transitions import PERIODS
from econsim.learning import Certificate, SolverProgress
from econsim.parameters import Model
from econsim.solvers._pace import Pace

__all__ = ["Parameters", "Transition"]

REFERENCES = (
    "@article{auclert2021sequence, title={Using the Sequence-Space Jacobian to Solve and Estimate Heterogeneous-Agent "
    "Models}, author={Auclert, Adrien and Bard{\\'o}czy, Bence and Rognlie, Matthew and Straub, Ludwig}, "
    "journal={Econometrica}, volume={89}, number={5}, pages={2375--2408}, year={2021}}",
)
_EVALUATIONS = 60  # of all stages, usually fewer
_SHOWN = 100  # periods of a figure
_NOTED = 1e-4  # change of public consumption, a share of output


class Parameters(Model):
    """Parameters of the solver."""

    reform: Mapping[str, float] = Field(default_factory=dict)
    """Instruments of the government that change, with their new values, such as ``{capital_tax: 0}``."""
    announced: int = Field(0, ge=0, le=200)
    """Periods between the announcement, in period 0, and the change; 0: the reform comes as a surprise."""
    periods: int = Field(PERIODS, ge=10, le=2000)
    """Periods after which the economy has to be in the new stationary equilibrium."""
    tolerance: float = Field(1e-8, gt=0, lt=1e-2)
    """Largest residual of any market and of the government's budget in any period, relative."""


class Transition:
    """Solver of the path after a reform, for economies whose households save."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> ReformSolution:
        """Return prices and gains as ``quantities``, and the path as ``series``; there are no agents.

        Raises:
            UserError: the game does not solve the problem of its households, an agent is fixed, no instrument changes,
                an instrument or its value is not known, there is no equilibrium before or after the reform, or the
                path was not found to the tolerance within the time limit.
        """
        settings = self.parameters
        if not isinstance(game, SolvesHouseholds):
            raise UserError(
                f"transition: needs an economy whose households save, such as bewley; {type(game).__name__} does not"
                " have such households"
            )
        if fixed:
            raise UserError(f"transition: no agent can be fixed, found {', '.join(sorted(fixed))}")
        if not settings.reform:
            raise UserError(
                "solver.reform: expected an instrument and its new value, as in solver.reform.capital_tax=0"
            )
        if settings.announced >= settings.periods:
            raise UserError(
                f"solver.announced: expected fewer than the {settings.periods} periods of the path, found"
                f" {settings.announced}"
            )
        pace, done = Pace(_EVALUATIONS, time_limit, progress), 0

        def stops(_: int, message: str) -> bool:
            nonlocal done
            done += 1
            return pace.stops(done, message)

        household, taxes = game.household_problem, (game.taxes({}), game.taxes(settings.reform))
        found = reform(
            household, game.technology, taxes, settings.announced, settings.periods, settings.tolerance, stops
        )
        return ReformSolution(
            {},
            {f"Residual, {name}": value for name, value in found.path.residuals.items()},
            Certificate(0.0, None, "policy", "not computed"),
            notes=tuple(self._notes(found)),
            quantities=reform_quantities(household, found, game.unit),
            series=reform_series(found, game.unit, min(_SHOWN, settings.periods)),
            household=household,
            reform=found,
        )

    def _notes(self, found: Reform) -> Iterator[str]:
        changes = ", ".join(f"{name} {value:g}" for name, value in self.parameters.reform.items())
        announced = self.parameters.announced
        when = f"announced in period 0, in force from period {announced} on" if announced else "a surprise in period 0"
        yield f"Reform: {changes}; {when}."
        spending = found.before.aggregates.spending, found.after.aggregates.spending
        if abs(spending[1] - spending[0]) > _NOTED * found.before.output:
            yield "Public consumption changes with revenue; households' utility does not include it."
