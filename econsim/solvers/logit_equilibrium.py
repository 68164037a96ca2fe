"""Logit quantal response equilibrium, traced from uniform play, in games of any number of players.

Each player chooses option ``i`` with probability proportional to ``exp(lambda u_i)``, where ``u_i`` is its expected
payoff given the choices of the others. At precision 0 play is uniform; the branch of equilibria that starts there is
followed to the precision asked for, along its length, so that it may turn back on the way. As the precision rises, it
leads to a Nash equilibrium in almost all games, the *limiting logit equilibrium*. The certificate states what a player
gains by a best response: it is not zero at a finite precision, since players do not always choose their best option.

The equations are ``log p_i - log p_0 = lambda (u_i - u_0)`` and ``sum p = 1`` of each player, in the variables
``log p`` and ``lambda``; each step along the tangent is corrected by Newton's method.

Sources: McKelvey and Palfrey (1995); Turocy (2005), *A dynamic homotopy interpretation of the logistic quantal response
equilibrium correspondence*, for the path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from econsim.expected_play import deviation_payoffs
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._pace import Pace
from econsim.solvers._tables import Floats, payoff_table, solution

__all__ = ["LogitEquilibrium", "Parameters"]

REFERENCES = (
    "@article{mckelvey1995quantal, title={Quantal Response Equilibria for Normal Form Games}, author={McKelvey, "
    "Richard D. and Palfrey, Thomas R.}, journal={Games and Economic Behavior}, volume={10}, number={1}, "
    "pages={6--38}, year={1995}}",
)
_FIRST, _SHORTEST, _LONGEST = 0.05, 1e-9, 2.0  # steps, in the length of (log p, lambda)
_CONVERGED, _NEWTON = 1e-11, 8
_MOST_STEPS = 20_000


class Parameters(Model):
    """Parameters of logit equilibria."""

    precision: float = Field(default=10.0, gt=0)
    """The precision lambda of choices, per unit of payoff: 0 is uniform play, high values are best responses."""


class LogitEquilibrium:
    """Solver that traces logit equilibria from uniform play."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the equilibrium at the precision; see :class:`~econsim.learning.Solver`.

        The residual ``equation`` is the largest error of a probability in the equation of the equilibrium, and
        ``precision`` is that of the solution. If the time limit is reached first, or the branch cannot be followed
        further in double precision, the solution is the point that was reached, at its own precision.

        Raises:
            UserError: payoffs cannot be enumerated, or an agent is fixed.
        """
        payoffs = torch.from_numpy(payoff_table(game, fixed, "logit_equilibrium"))
        path = _Path(payoffs)
        point = path.follow(self.parameters.precision, Pace(_MOST_STEPS, time_limit, progress))
        mixes = [mix.numpy() for mix in path.mixes(point)]
        residuals = {"precision": float(point[-1]), "equation": path.residual(point)}
        notes = [f"Logit equilibrium of precision {point[-1]:.4g}."]
        if point[-1] < self.parameters.precision:
            notes.append(f"Stopped before the precision of {self.parameters.precision:g} was reached.")
        return solution(game, [mixes], residuals=residuals, notes=notes)


class _Path:
    """The branch of points ``(log p, lambda)`` that starts at uniform play."""

    def __init__(self, payoffs: Tensor) -> None:
        self.payoffs, self.counts = payoffs, payoffs.shape[1:]
        self.starts = np.cumsum([0, *self.counts])

    def follow(self, precision: float, pace: Pace) -> Floats:
        """Return the point of the branch at the precision, or the last one that was reached."""
        logs = np.concatenate([np.full(count, -np.log(count)) for count in self.counts])
        point = np.append(logs, 0.0)
        direction, length = np.append(np.zeros(len(logs)), 1.0), _FIRST
        for number in range(1, _MOST_STEPS + 1):
            tangent = self._tangent(point, direction)
            length = min(length, _LONGEST)
            if tangent[-1] > 0:  # the last step ends at the precision
                length = min(length, (precision - point[-1]) / tangent[-1])
            last = np.isclose(point[-1] + length * tangent[-1], precision, rtol=1e-14)
            fixed = np.append(np.zeros(len(logs)), 1.0) if last else tangent
            corrected = self._corrected(point + length * tangent, fixed)
            if corrected is None:
                length /= 2
            elif last:
                return corrected
            else:
                point, direction, length = corrected, tangent, length * 1.5
            if length < _SHORTEST or pace.stops(number, f"precision {point[-1]:.2g}"):
                break
        return point

    def mixes(self, point: Floats) -> list[Tensor]:
        """Return the strategies at a point."""
        shares = torch.split(torch.from_numpy(np.exp(point[:-1])), list(self.counts))
        return [share / share.sum() for share in shares]

    def residual(self, point: Floats) -> float:
        """Return the largest difference between a probability and the logit response to the others' strategies."""
        mixes = self.mixes(point)
        responses = [
            torch.softmax(point[-1] * deviation_payoffs(self.payoffs, mixes, player), 0) for player in range(len(mixes))
        ]
        return max(float((mix - response).abs().max()) for mix, response in zip(mixes, responses, strict=True))

    def _corrected(self, point: Floats, fixed: Floats) -> Floats | None:
        """Return the solution next to a point, on the plane through it across ``fixed``; ``None`` if there is none."""
        for _ in range(_NEWTON):
            values, jacobian = self._equations(point)
            if not np.isfinite(values).all():
                return None
            if np.abs(values).max() < _CONVERGED * max(1.0, abs(point[-1])):
                return point
            system = np.vstack([jacobian, fixed])
            try:
                point = point - np.linalg.solve(system, np.append(values, 0.0))
            except np.linalg.LinAlgError:
                return None
        return None

    def _tangent(self, point: Floats, direction: Floats) -> Floats:
        """Return the unit tangent of the branch that points the same way as the last one."""
        _, jacobian = self._equations(point)
        tangent = np.linalg.svd(jacobian)[2][-1]
        return np.asarray(tangent if tangent @ direction > 0 else -tangent)

    def _equations(self, point: Floats) -> tuple[Floats, Floats]:
        """Return the values ``[n]`` of the equations and their derivatives ``[n, n + 1]``."""
        size, logs, precision = len(point) - 1, point[:-1], point[-1]
        shares = torch.split(torch.from_numpy(np.exp(logs)), list(self.counts))
        values, jacobian = np.zeros(size), np.zeros((size, size + 1))
        for player in range(len(self.counts)):
            first, end = self.starts[player], self.starts[player + 1]
            paid = deviation_payoffs(self.payoffs, shares, player).numpy()
            own = shares[player].numpy()
            values[first], jacobian[first, first:end] = own.sum() - 1.0, own
            values[first + 1 : end] = logs[first + 1 : end] - logs[first] - precision * (paid[1:] - paid[0])
            jacobian[first + 1 : end, first + 1 : end] = np.eye(end - first - 1)
            jacobian[first + 1 : end, first] = -1.0
            jacobian[first + 1 : end, -1] = -(paid[1:] - paid[0])
            for other in range(len(self.counts)):
                if other != player:
                    columns = slice(self.starts[other], self.starts[other + 1])
                    slope = self._pair(shares, player, other) * shares[other].numpy()
                    jacobian[first + 1 : end, columns] = -precision * (slope[1:] - slope[0])
        return values, jacobian

    def _pair(self, shares: tuple[Tensor, ...], player: int, other: int) -> Floats:
        """Return the expected payoff of a player by its option and that of another, ``[A_p, A_q]``."""
        table = self.payoffs[player].movedim((player, other), (0, 1))
        for third in reversed([s for number, s in enumerate(shares) if number not in (player, other)]):
            table = table @ third
        return np.asarray(table.numpy())
