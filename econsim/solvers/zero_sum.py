"""Linear programming for two-player zero-sum games: strategies that guarantee the value of the game.

Each player's strategy maximises the lowest expected payoff over the other player's options: ``max v`` subject to
``x' A >= v`` for every option of the other player, ``x >= 0`` and ``sum x = 1``, solved with HiGHS. The method also
solves games whose payoffs add up to a constant other than zero.

Sources: von Neumann (1928); Dantzig (1951) for the linear program.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from econsim.agents import mixed_strategy
from econsim.errors import UserError
from econsim.expected_play import certificate_of
from econsim.game import Agent, Enumerable, Game
from econsim.learning import Solution
from econsim.parameters import Model

__all__ = ["Parameters", "ZeroSum", "maximin"]

REFERENCES = (
    "@article{vonneumann1928theorie, title={Zur Theorie der Gesellschaftsspiele}, author={von Neumann, John}, "
    "journal={Mathematische Annalen}, volume={100}, pages={295--320}, year={1928}}",
    "@article{huangfu2018parallelizing, title={Parallelizing the dual revised simplex method}, author={Huangfu, Qi and "
    "Hall, J. A. J.}, journal={Mathematical Programming Computation}, volume={10}, number={1}, pages={119--142}, "
    "year={2018}}",
)
TOLERANCE = 1e-9  # of sums of payoffs, relative to the largest payoff

Floats = NDArray[np.float64]


class Parameters(Model):
    """The solver has no parameters."""


class ZeroSum:
    """Solver of two-player games whose payoffs add up to a constant."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(self, game: Game[Any], fixed: Mapping[str, Agent], time_limit: float | None = None) -> Solution:
        """Return a mixed strategy for each player; see :class:`~econsim.learning.Solver`.

        If the time limit is reached before a linear program is solved, that player mixes all options with equal
        probabilities. The residual ``duality_gap`` is the sum of the values that the two players guarantee, less the
        sum of payoffs; it is zero at a solution.

        Raises:
            UserError: the game does not have two players, its payoffs cannot be enumerated or do not add up to a
                constant, or an agent is fixed.
        """
        payoffs = _zero_sum_payoffs(game, fixed)
        deadline = None if time_limit is None else monotonic() + time_limit
        table = payoffs.numpy()
        row = maximin(table[0], deadline)
        column = maximin(table[1].T, deadline)
        agents = {name: _agent(mix) for name, (mix, _) in zip(game.roles, (row, column), strict=True)}
        gap = abs(row[1] + column[1] - float(payoffs.sum(0).mean()))
        certificate = certificate_of(game, agents)
        assert certificate is not None  # the game is enumerable, and mixed strategies are stochastic
        return Solution(agents, {"duality_gap": gap}, certificate)


def maximin(payoff: Floats, deadline: float | None = None) -> tuple[Floats, float]:
    """Return the mixed strategy ``[R]`` that maximises the lowest expected payoff, and that payoff.

    Args:
        payoff: ``[R, C]`` to the row player.
        deadline: on the clock of :func:`time.monotonic`; after it, the uniform strategy and its payoff are returned.
    """
    from scipy.optimize import linprog

    rows, columns = payoff.shape
    limit = inf if deadline is None else max(0.0, deadline - monotonic())
    result = linprog(
        np.append(np.zeros(rows), -1.0),
        A_ub=np.column_stack([-payoff.T, np.ones(columns)]),
        b_ub=np.zeros(columns),
        A_eq=np.append(np.ones(rows), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * rows + [(None, None)],
        options={"time_limit": limit},
    )
    weights = np.ones(rows) if result.x is None else np.clip(np.asarray(result.x[:-1], np.float64), 0.0, None)
    mix: Floats = weights / weights.sum()
    value = (mix @ payoff).min() if result.x is None else result.x[-1]
    return mix, float(value)


def _zero_sum_payoffs(game: Game[Any], fixed: Mapping[str, Agent]) -> Tensor:
    """Return payoffs ``[2, R, C]`` on the CPU; raises :class:`UserError` for other games."""
    name = type(game).__name__
    if fixed:
        raise UserError(f"zero_sum: both players are solved for; {', '.join(fixed)} cannot be fixed")
    if not isinstance(game, Enumerable) or [role.count for role in game.roles.values()] != [1, 1]:
        raise UserError(
            f"zero_sum: expected two players, one per role, and enumerable payoffs; {name} is not such a game"
        )
    payoffs = game.payoff_tensor().cpu()
    total = payoffs.sum(0)
    if float(total.max() - total.min()) > TOLERANCE * max(1.0, float(payoffs.abs().max())):
        reason = f"payoffs add up to {float(total.min()):g} at some choices and to {float(total.max()):g} at others"
        raise UserError(f"zero_sum: {name} is not zero-sum: {reason}")
    return payoffs


def _agent(mix: Floats) -> Agent:
    probabilities = tuple(float(share) for share in mix)
    return mixed_strategy.MixedStrategy(mixed_strategy.Parameters(probabilities=probabilities))
