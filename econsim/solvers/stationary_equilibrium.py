"""Stationary equilibrium of an economy of households who save: prices at which all markets clear.

Policies are found by the endogenous grid method, the distribution by Young's lottery and a sparse linear system, and
the interest rate by a secant method; see :mod:`econsim.households.equilibrium`. An equilibrium in which a market does
not clear to the tolerance is an error with its residual, never a result.

Sources: Aiyagari (1994); Carroll (2006) for the endogenous grid method; Young (2010).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.errors import UserError
from econsim.game import Agent, Game, Role, StatusQuo
from econsim.households.equilibrium import ROUNDS
from econsim.households.protocols import SolvesHouseholds
from econsim.households.solution import HouseholdSolution, quantities
from econsim.learning import Certificate, SolverProgress
from econsim.parameters import Model
from econsim.play import ConstantPolicy
from econsim.solvers._pace import Pace

__all__ = ["Parameters", "StationaryEquilibrium"]

REFERENCES = (
    "@article{carroll2006method, title={The Method of Endogenous Gridpoints for Solving Dynamic Stochastic "
    "Optimization Problems}, author={Carroll, Christopher D.}, journal={Economics Letters}, volume={91}, number={3}, "
    "pages={312--320}, year={2006}}",
)


class Parameters(Model):
    """Parameters of the solver."""

    tolerance: float = Field(1e-9, gt=0, lt=1e-2)
    """Largest difference of households' assets from the capital that firms employ, relative to it."""


class StationaryEquilibrium:
    """Solver of economies whose households save."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> HouseholdSolution:
        """Return exact households, the policy in force, and prices and statistics as ``quantities``.

        Raises:
            UserError: the game does not solve the problem of its households, an agent is fixed, there is no
                equilibrium, or the tolerance was not reached within the time limit; the message gives the residual.
        """
        if not isinstance(game, SolvesHouseholds):
            raise UserError(
                "stationary_equilibrium: needs an economy whose households save, such as bewley;"
                f" {type(game).__name__} does not have such households"
            )
        if fixed:
            raise UserError(f"stationary_equilibrium: no agent can be fixed, found {', '.join(sorted(fixed))}")
        pace = Pace(ROUNDS, time_limit, progress)
        solved = game.stationary_equilibrium(self.parameters.tolerance, pace.stops)
        agents: dict[str, Agent] = {
            name: _StatusQuo() if role.leads else ExactHousehold(NoParameters()) for name, role in game.roles.items()
        }
        return HouseholdSolution(
            agents,
            {f"Residual, {name}": value for name, value in solved.residuals.items()},
            Certificate(0.0, None, "policy", "not computed"),
            quantities=quantities(game.household_problem, solved, game.unit),
            household=game.household_problem,
            equilibrium=solved,
        )


class _StatusQuo(ConstantPolicy):
    """Keeps the policy in force."""

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the action ``[*shape]`` in force."""
        return game.status_quo(role.name) if isinstance(game, StatusQuo) else torch.zeros(role.action.shape)
