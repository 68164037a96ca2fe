"""Two-player games with a leader who commits first: their payoffs, and solutions that are made of a commitment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game
from econsim.learning import Solution
from econsim.solvers._tables import Floats, player_names, solution, two_player_table


class Led(NamedTuple):
    """A game with a leader.

    Attributes:
        leader: the leader's name.
        own: payoffs ``[R, C]`` of the leader, by its options and those of the follower.
        other: payoffs ``[R, C]`` of the follower.
        is_first: whether the leader is the first player.
    """

    leader: str
    own: Floats
    other: Floats
    is_first: bool


def led_game(game: Game[Any], fixed: Mapping[str, Agent], solver: str, leader: str | None) -> Led:
    """Return the payoffs of a game with a leader, by default the first player.

    Raises:
        UserError: the game does not have two players, its payoffs cannot be enumerated, an agent is fixed, or no
            player has the leader's name.
    """
    table = two_player_table(game, fixed, solver)
    names = player_names(game)
    leader = leader or names[0]
    if leader not in names:
        raise UserError(f"solver.leader: no player is called {leader!r}{did_you_mean(leader, names)}")
    first = leader == names[0]
    own, other = table if first else (table[1].T, table[0].T)
    return Led(leader, own, other, first)


def led_solution(game: Game[Any], led: Led, mix: Floats, option: int, notes: Sequence[str]) -> Solution:
    """Return the solution of a commitment to a mix ``[R]`` that the follower answers by an option.

    Its residual ``follower_gain`` is what the follower gains from its best option, and ``leader_payoff`` is the value
    of the commitment.
    """
    answer = np.eye(led.own.shape[1])[option]
    gain = float((mix @ led.other).max() - mix @ led.other[:, option])
    residuals = {"follower_gain": gain, "leader_payoff": float(mix @ led.own[:, option])}
    return solution(game, [(mix, answer) if led.is_first else (answer, mix)], residuals=residuals, notes=notes)
