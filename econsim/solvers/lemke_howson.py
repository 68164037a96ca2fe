"""Lemke-Howson algorithm: one Nash equilibrium of a two-player game, by complementary pivoting.

The path starts at the artificial equilibrium, in which nobody plays, and drops one label; it ends at an equilibrium.
Each label, an option of either player, starts a path, and several paths may end at the same equilibrium. Ties are
broken lexicographically, so that the path ends in degenerate games too.

Sources: Lemke and Howson (1964); von Stengel (2002), *Computing equilibria for two-person games*, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

import numpy as np
from pydantic import Field

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._tables import Floats, Mixes, positive, solution, two_player_table

__all__ = ["LemkeHowson", "Parameters", "one_equilibrium"]

REFERENCES = (
    "@article{lemke1964equilibrium, title={Equilibrium Points of Bimatrix Games}, author={Lemke, C. E. and Howson, "
    "J. T.}, journal={Journal of the Society for Industrial and Applied Mathematics}, volume={12}, number={2}, "
    "pages={413--423}, year={1964}}",
)
_TOLERANCE = 1e-11  # of pivots and ties; payoffs are scaled to order one
_CHECK_EVERY = 64


class Parameters(Model):
    """Parameters of the Lemke-Howson algorithm."""

    label: int = Field(default=0, ge=0)
    """The option that the path drops first: those of the first player are numbered from 0, and those of the second
    follow."""


class LemkeHowson:
    """Solver that follows one path of complementary pivots."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return an equilibrium of a two-player game; see :class:`~econsim.learning.Solver`.

        If the time limit is reached before the path ends, both players mix all options with equal probabilities.

        Raises:
            UserError: the game does not have two players, its payoffs cannot be enumerated, an agent is fixed, or there
                is no such label.
        """
        table = two_player_table(game, fixed, "lemke_howson")
        labels = sum(table.shape[1:])
        if self.parameters.label >= labels:
            raise UserError(
                f"solver.label: expected a number from 0 to {labels - 1}, one per option, found {self.parameters.label}"
            )
        deadline = None if time_limit is None else monotonic() + time_limit
        found = one_equilibrium(table, self.parameters.label, deadline)
        if found is None:
            uniform = tuple(np.full(count, 1.0 / count) for count in table.shape[1:])
            note = "The time limit was reached before the path ended; the strategies are uniform."
            return solution(game, [uniform], notes=[note])
        return solution(game, [found])


def one_equilibrium(table: Floats, label: int = 0, deadline: float | None = None) -> Mixes | None:
    """Return the equilibrium at the end of the path that drops ``label``; ``None`` after the deadline.

    Args:
        table: payoffs ``[2, R, C]`` of both players.
        label: 0 to ``R - 1`` for the options of the first player, ``R`` to ``R + C - 1`` for those of the second.
        deadline: on the clock of :func:`time.monotonic`.
    """
    rows, columns = table.shape[1:]
    # The strategies of a player are the vertices of the other player's best-response conditions.
    sides = [_Tableau(positive(table[1].T), rows), _Tableau(positive(table[0]), columns)]
    own = [np.arange(rows + columns), np.roll(np.arange(rows + columns), rows)]  # the column of each label
    side, entering, pivots = (0 if label < rows else 1), label, 0
    while True:
        left = sides[side].pivot(int(own[side][entering]))
        leaving = int(np.flatnonzero(own[side] == left)[0])
        if leaving == label:
            return sides[0].mix(), sides[1].mix()
        side, entering, pivots = 1 - side, leaving, pivots + 1
        if deadline is not None and pivots % _CHECK_EVERY == 0 and monotonic() > deadline:
            return None


class _Tableau:
    """Basic solutions of ``rows x + s = 1`` with ``x, s >= 0``; its columns are those of ``x``, then of ``s``."""

    def __init__(self, rows: Floats, size: int) -> None:
        self.original = np.hstack([rows, np.eye(len(rows))])
        self.values = np.hstack([self.original, np.ones((len(rows), 1))])
        self.basis = np.arange(size, size + len(rows))
        self.size = size

    def pivot(self, entering: int) -> int:
        """Let the column of a variable enter the basis; return the column of the variable that leaves."""
        column = self.values[:, entering]
        possible = np.flatnonzero(column > _TOLERANCE)
        row = self._smallest_ratio(possible, column[possible])
        leaving = int(self.basis[row])
        self.values[row] /= column[row]
        others = self.values[:, entering].copy()
        others[row] = 0.0
        self.values -= np.outer(others, self.values[row])
        self.basis[row] = entering
        return leaving

    def mix(self) -> Floats:
        """Return the mixed strategy of the basis, solved from the original equations for full precision."""
        basic = np.linalg.solve(self.original[:, self.basis], np.ones(len(self.basis)))
        weights = np.zeros(self.original.shape[1])
        weights[self.basis] = basic.clip(0.0)
        shares: Floats = weights[: self.size] / weights[: self.size].sum()
        return shares

    def _smallest_ratio(self, possible: np.ndarray[Any, Any], column: Floats) -> int:
        """Return the row with the smallest ratio; ties are broken by the columns of ``s``, in their order."""
        for number in (-1, *range(self.size, self.values.shape[1] - 1)):
            ratios = self.values[possible, number] / column
            tied = ratios <= ratios.min() + _TOLERANCE
            possible, column = possible[tied], column[tied]
            if len(possible) == 1:
                break
        return int(possible[0])
