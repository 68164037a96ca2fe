"""Strong Stackelberg equilibrium: the best mixed strategy to commit to, of two-player games.

One player, the leader, commits to a mixed strategy; the other observes it, answers with a best response, and breaks
ties in the leader's favour. For each option of the follower, a linear program finds the leader's best strategy to which
that option is a best response; the best of them is the equilibrium. The follower has nothing to gain, so that the
certificate, which counts simultaneous deviations of both, states what the leader gives up by keeping its commitment.

Source: Conitzer and Sandholm (2006), *Computing the optimal strategy to commit to*.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from time import monotonic
from typing import Any

import numpy as np

from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._leading import led_game, led_solution
from econsim.solvers._tables import Commitment, Floats

__all__ = ["Parameters", "StrongStackelberg", "commitment"]

REFERENCES = (
    "@inproceedings{conitzer2006computing, title={Computing the Optimal Strategy to Commit to}, author={Conitzer, "
    "Vincent and Sandholm, Tuomas}, booktitle={Proceedings of the 7th ACM Conference on Electronic Commerce}, "
    "pages={82--90}, year={2006}}",
)
_TOLERANCE = 1e-9


class Parameters(Model):
    """Parameters of the strong Stackelberg equilibrium."""

    leader: str | None = None
    """The name of the player that commits; null: the first player."""


class StrongStackelberg:
    """Solver of the commitment of one of two players."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the leader's strategy and the follower's answer; see :class:`~econsim.learning.Solver`.

        If the time limit is reached, the commitment is the best among those answers of the follower that were tried,
        or the leader's uniform strategy. The residual ``follower_gain`` is what the follower gains from its best
        option, and ``leader_payoff`` is the value of the commitment.

        Raises:
            UserError: the game does not have two players, its payoffs cannot be enumerated, an agent is fixed, or no
                player has the leader's name.
        """
        led = led_game(game, fixed, "strong_stackelberg", self.parameters.leader)
        deadline = None if time_limit is None else monotonic() + time_limit
        best = commitment(led.own, led.other, deadline)
        notes = [f"{led.leader} commits, and the other player breaks ties in its favour."]
        if not best.finished:
            notes.append("The time limit was reached before all answers of the follower were tried.")
        return led_solution(game, led, best.mix, best.option, notes)


def commitment(leader: Floats, follower: Floats, deadline: float | None = None) -> Commitment:
    """Return the best mixed strategy to commit to, and the follower's answer.

    Args:
        leader: payoffs ``[R, C]`` of the player that commits, by its options and those of the follower.
        follower: payoffs ``[R, C]`` of the follower.
        deadline: on the clock of :func:`time.monotonic`.
    """
    best: tuple[float, Floats, int] | None = None
    finished = True
    for option in range(leader.shape[1]):
        limit = inf if deadline is None else deadline - monotonic()
        if limit <= 0:
            finished = False
            break
        regret = (follower - follower[:, option : option + 1]).T
        mix = _program(leader[:, option], regret, limit)
        if mix is not None and (best is None or mix @ leader[:, option] > best[0] + _TOLERANCE):
            best = float(mix @ leader[:, option]), mix, option
    if best is None:
        uniform = np.full(len(leader), 1.0 / len(leader))
        return Commitment(uniform, int(np.argmax(uniform @ follower)), False)
    return Commitment(best[1], best[2], finished)


def _program(gain: Floats, regret: Floats, limit: float) -> Floats | None:
    """Return the mix ``[R]`` with the highest ``gain`` for which no row of ``regret`` is above zero, if any."""
    from scipy.optimize import linprog

    result = linprog(
        -gain,
        A_ub=regret,
        b_ub=np.zeros(len(regret)),
        A_eq=np.ones((1, len(gain))),
        b_eq=[1.0],
        options={"time_limit": limit},
    )
    if result.x is None or result.status != 0:
        return None
    weights = np.clip(np.asarray(result.x, np.float64), 0.0, None)
    return np.asarray(weights / weights.sum())
