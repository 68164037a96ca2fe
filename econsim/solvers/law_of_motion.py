"""Law of motion of capital under aggregate shocks, which households forecast with and which their choices lead to.

The law is linear in logarithms, with coefficients for bad and for good times: those of a regression on the capital of a
simulation in which households forecast with it; see :mod:`econsim.households.krusell_smith`.

Source: Krusell and Smith (1998).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as Expecting
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.households.krusell_smith import ROUNDS, LawOfMotion
from econsim.households.protocols import ForecastsCapital
from econsim.learning import Certificate, Quantity, Solution, SolverProgress
from econsim.parameters import Model
from econsim.play import HeldAction
from econsim.solvers._pace import Pace

__all__ = ["LawOfMotionSolver", "Parameters"]

REFERENCES = (
    "@article{krusell1998income, title={Income and Wealth Heterogeneity in the Macroeconomy}, author={Krusell, Per and "
    "Smith, Anthony A.}, journal={Journal of Political Economy}, volume={106}, number={5}, pages={867--896}, "
    "year={1998}}",
)


class Parameters(Model):
    """The solver has no parameters; the simulation is that of ``economy.aggregate_shocks``."""


class LawOfMotionSolver:
    """Solver of economies with aggregate shocks."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return exact households, and the law with its fit as ``quantities``.

        Raises:
            UserError: the game has no aggregate shocks, an agent is fixed, or the coefficients did not converge within
                the time limit; the message gives the largest change.
        """
        if not isinstance(game, ForecastsCapital) or not game.has_shocks:
            raise UserError(
                "law_of_motion: needs an economy with aggregate shocks, such as bewley with economy.aggregate_shocks"
            )
        if fixed:
            raise UserError(f"law_of_motion: no agent can be fixed, found {', '.join(sorted(fixed))}")
        law = game.law_of_motion(Pace(ROUNDS, time_limit, progress).stops)
        agents: dict[str, Agent] = {
            name: HeldAction(game.status_quo(name)) if role.leads else ExactHousehold(Expecting())
            for name, role in game.roles.items()
        }
        return Solution(
            agents,
            {"Residual, coefficients": law.residual},
            Certificate(0.0, None, "policy", "not computed"),
            quantities=tuple(_quantities(law, game.unit)),
        )


def _quantities(law: LawOfMotion, unit: str) -> list[Quantity]:
    rows = []
    for times, coefficients, explained in zip(("bad", "good"), law.coefficients, law.explained, strict=True):
        group = f"law of motion in {times} times"
        rows += [
            Quantity(group, "constant", float(coefficients[0]), ""),
            Quantity(group, "slope of log capital", float(coefficients[1]), ""),
            Quantity(group, "variance that is not explained", 1 - explained, ""),
        ]
    rows.append(Quantity("simulation", "largest error of a forecast", law.forecast_error, "share"))
    rows.append(Quantity("simulation", "mean capital", float(law.capital[law.discarded :].mean()), unit))
    return rows
