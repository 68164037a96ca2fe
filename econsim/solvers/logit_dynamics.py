"""Logit dynamics: players revise their options by noisy best responses, in games of any number of players.

A player who revises chooses option ``i`` with probability proportional to ``exp(lambda u_i)``, where ``u_i`` is its
expected payoff and ``lambda`` the precision. Two views are offered:

- ``path``: large populations, one per player, whose members revise at rate 1: ``dx_i / dt = L_i(x) - x_i``, where ``L``
  are the probabilities above. Rest points are the logit equilibria of the same precision. A step of length ``h`` is
  ``x + (1 - exp(-h)) (L - x)``, which is exact for responses that stay constant within the step.
- ``stationary``: one person per player, of whom a random one revises at a time. The result is the share of time that
  each profile is played, the only one for any start. If the game has a potential, it is proportional to ``exp(lambda
  potential)``, so that a high precision selects the profile with the highest potential; in games of two by two options
  that is the risk-dominant equilibrium.

Both differ from Nash equilibrium at a finite precision; the certificate states what a player gains by deviating.

Sources: Blume (1993) for the stationary view; Fudenberg and Levine (1998), *The Theory of Learning in Games*, chapter
4, for the path.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from econsim.expected_play import ce_gap
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._chains import check_profiles, stationary_law
from econsim.solvers._iteration import Strategies, start_of, values
from econsim.solvers._pace import Pace
from econsim.solvers._tables import Floats, joint_solution, payoff_table, player_names, solution

__all__ = ["LogitDynamics", "Parameters", "stationary"]

REFERENCES = (
    "@article{blume1993statistical, title={The Statistical Mechanics of Strategic Interaction}, author={Blume, "
    "Lawrence E.}, journal={Games and Economic Behavior}, volume={5}, number={3}, pages={387--424}, year={1993}}",
)
_CHECK_EVERY = 20


class Parameters(Model):
    """Parameters of logit dynamics."""

    view: Literal["path", "stationary"] = "path"
    """``path``: shares of large populations; ``stationary``: the share of time of each profile of single players."""
    precision: float = Field(default=10.0, gt=0)
    """The precision lambda of choices, per unit of payoff: 0 is uniform play, high values are best responses."""
    start: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Of a path, the shares of each player's options at the start; all equal for players that are not named."""
    step: float = Field(default=0.1, gt=0, le=1)
    """Length of a step of the path, in units of the mean time between revisions."""
    tolerance: float = Field(default=1e-9, gt=0)
    """The path ends where no share is further than this from its response."""
    iterations: int = Field(default=20_000, ge=1)
    """The largest number of steps of the path."""


class LogitDynamics:
    """Solver that follows noisy best responses."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the end of the path, or the stationary distribution; see :class:`~econsim.learning.Solver`.

        The residual ``distance`` of a path is the largest distance of a share from its response; it is zero in a logit
        equilibrium. Of the stationary view, the size is limited instead of the time.

        Raises:
            UserError: payoffs cannot be enumerated, an agent is fixed, the start is not a strategy of each player, or
                the stationary distribution of a game with more than 2,000 profiles is asked for.
        """
        table = payoff_table(game, fixed, "logit_dynamics")
        if self.parameters.view == "path":
            return self._path(game, torch.from_numpy(table), Pace(self.parameters.iterations, time_limit, progress))
        check_profiles(table, "logit_dynamics")
        joint = stationary(table, self.parameters.precision)
        note = f"Share of time of each profile where players revise one at a time, at precision {self._precision}."
        return joint_solution(game, joint, ce_gap(torch.from_numpy(table), torch.from_numpy(joint)), [note])

    @property
    def _precision(self) -> str:
        return f"{self.parameters.precision:.4g}"

    def _path(self, game: Game[Any], payoffs: Tensor, pace: Pace) -> Solution:
        settings = self.parameters
        shares: Strategies = start_of(payoffs, player_names(game), settings.start)
        moved = 1 - exp(-settings.step)
        for number in range(settings.iterations + 1):
            answers = [torch.softmax(settings.precision * value, 0) for value in values(payoffs, shares)]
            distance = max(float((answer - share).abs().max()) for answer, share in zip(answers, shares, strict=True))
            if distance <= settings.tolerance or number == settings.iterations:
                break
            if number % _CHECK_EVERY == 0 and pace.stops(number, f"distance {distance:.2g}"):
                break
            shares = [share + moved * (answer - share) for answer, share in zip(answers, shares, strict=True)]
        if distance <= settings.tolerance:
            notes = [f"Rest point of logit dynamics, a logit equilibrium of precision {self._precision}."]
        else:
            notes = [f"Stopped after {number:,} steps, where shares still change; this is not a rest point."]
        residuals = {"distance": distance, "steps": float(number)}
        return solution(game, [[share.numpy() for share in shares]], residuals=residuals, notes=notes)


def stationary(table: Floats, precision: float) -> Floats:
    """Return the share of time of each profile, ``[A_1, ..., A_P]``, where a random player revises at a time.

    Args:
        table: payoffs ``[P, A_1, ..., A_P]``.
        precision: lambda, per unit of payoff.
    """

    def rates(player: int, own: Floats, option: int) -> Floats:
        weights = np.exp(precision * (own - own.max(0)))
        return np.broadcast_to(np.maximum(weights[option] / weights.sum(0), np.finfo(np.float64).tiny), own.shape)

    return stationary_law(table, rates)
