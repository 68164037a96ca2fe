"""Stationary equilibrium of an economy of households with a life cycle, and the comparison with one after a reform.

Choices are found by backward induction over ages with the endogenous grid method, the distribution forward from the
newborn, and the interest rate by a secant method; see :mod:`econsim.households.overlapping_generations`. With
``reform``, the equilibrium after a permanent change of taxes or of the pension is put beside it. These are two steady
states: what is saved or used up on the way from one to the other is not counted, and the gain is that of a newborn.

With ``periods``, the path from one to the other is solved too, after a reform that is a surprise in period 0, or that
is announced in it and in force ``announced`` periods later (:mod:`econsim.households.generation_paths`), with gains of
people by their age in period 0 and of later newborns.

Sources: Auerbach and Kotlikoff (1987), Huggett (1996); Carroll (2006) for the endogenous grid method.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.households.equilibrium import ROUNDS
from econsim.households.generation_gains import path_gains
from econsim.households.generation_tables import LifeCycleSolution, along, compared, path_series, profiles, quantities
from econsim.households.overlapping_generations import Generations
from econsim.households.protocols import SolvesLifeCycles
from econsim.learning import Certificate, SolverProgress
from econsim.parameters import Model
from econsim.play import HeldAction
from econsim.solvers._pace import Pace

__all__ = ["LifeCycle", "Parameters"]

REFERENCES = (
    "@article{huggett1996wealth, title={Wealth Distribution in Life-Cycle Economies}, author={Huggett, Mark}, "
    "journal={Journal of Monetary Economics}, volume={38}, number={3}, pages={469--494}, year={1996}}",
)
_NOTED = 1e-4  # change of public consumption, a share of output


class Parameters(Model):
    """Parameters of the solver."""

    reform: Mapping[str, float] = Field(default_factory=dict)
    """Instruments of the government, amounts of its budget, or the given rate of the pension (``contribution`` or
    ``replacement``), with new values, such as ``{replacement: 0}``; none by default."""
    periods: int | None = Field(None, ge=2, le=1000)
    """Periods after which the economy has to be in the equilibrium after the reform, along a path from the other one;
    null: no path is solved."""
    announced: int = Field(0, ge=0, le=200)
    """Periods between the announcement, in period 0, and the change, along the path; 0: the reform is a surprise."""
    tolerance: float = Field(1e-9, gt=0, lt=1e-2)
    """Largest difference of households' assets from the capital that firms employ, relative to it."""


class LifeCycle:
    """Solver of economies whose households have ages."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> LifeCycleSolution:
        """Return exact households, the policy in force, prices and statistics, and profiles by age as ``series``.

        Raises:
            UserError: households have no ages, an agent is fixed, an instrument or its value is not known, there is no
                equilibrium, or the tolerance was not reached within the time limit; the message gives the residual.
        """
        if not isinstance(game, SolvesLifeCycles) or not game.has_ages:
            raise UserError("life_cycle: needs an economy with ages, such as bewley with economy.life_cycle")
        if fixed:
            raise UserError(f"life_cycle: no agent can be fixed, found {', '.join(sorted(fixed))}")
        settings, household = self.parameters, game.household_problem
        self._check_path()
        count = 1 + bool(settings.reform)
        pace, done = Pace(count * ROUNDS, time_limit, progress), 0

        def stops(_: int, message: str) -> bool:
            nonlocal done
            done += 1
            return pace.stops(done, message)

        changes: list[Mapping[str, float]] = [{}, settings.reform][:count]
        found = [game.life_cycle_equilibrium(each, settings.tolerance, stops) for each in changes]
        reformed, path, gains = found[1] if settings.reform else None, None, None
        series = profiles(household, found[0], reformed, game.unit)
        if reformed is None:
            rows = quantities(household, found[0], game.unit)
        else:
            rows = compared(household, found[0], reformed, game.unit)
        if settings.periods is not None:
            ends = found[0], found[1]
            path = game.life_cycle_path(settings.reform, ends, settings.announced, settings.periods, stops)
            gains = path_gains(household, *ends, path)
            rows, series = (*rows, *along(gains, found[0].life)), path_series(path, gains, ends, game.unit)
        agents: dict[str, Agent] = {
            name: HeldAction(game.status_quo(name)) if role.leads else ExactHousehold(NoParameters())
            for name, role in game.roles.items()
        }
        residuals = {
            f"Residual, {name}": max(each.equilibrium.residuals[name] for each in found)
            for name in found[0].equilibrium.residuals
        }
        if path is not None:
            residuals |= {f"Residual of the path, {name}": value for name, value in path.residuals.items()}
        return LifeCycleSolution(
            agents,
            residuals,
            Certificate(0.0, None, "policy", "not computed"),
            notes=tuple(self._notes(found)),
            quantities=rows,
            series=series,
            equilibrium=found[0],
            reformed=reformed,
            path=path,
            gains=gains,
        )

    def _check_path(self) -> None:
        periods, announced = self.parameters.periods, self.parameters.announced
        if periods is not None and not self.parameters.reform:
            raise UserError("solver.periods: a path needs a reform, as in solver.reform.replacement=0")
        if announced and periods is None:
            raise UserError(
                "solver.announced: two steady states do not depend on it; solve the path, as in solver.periods=150"
            )
        if periods is not None and announced >= periods:
            raise UserError(
                f"solver.announced: expected fewer than the {periods} periods of the path, found {announced}"
            )

    def _notes(self, found: list[Generations]) -> Iterator[str]:
        if len(found) == 1:
            return
        changes = ", ".join(f"{name} {value:g}" for name, value in self.parameters.reform.items())
        announced = self.parameters.announced
        if self.parameters.periods is None:
            yield f"Reform: {changes}. Two steady states are compared; the path from one to the other is not counted."
        elif announced:
            yield f"Reform: {changes}; announced in period 0, in force from period {announced} on."
        else:
            yield f"Reform: {changes}; a surprise in period 0."
        before, after = (each.equilibrium for each in found)
        if abs(after.aggregates.spending - before.aggregates.spending) > _NOTED * before.output:
            yield "Public consumption changes with revenue; households' utility does not include it."
