"""Behavioural strategies of a solved game of several moves, as rows of a table and of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from econsim.game import Game
    from econsim.learning import Solution

__all__ = ["Point", "payoffs_text", "points", "records"]


class Point(NamedTuple):
    """What a player does at one information set: the probability of each legal option by its name."""

    player: str
    information_set: str
    shares: dict[str, float]


def points(solution: Solution) -> list[Point]:
    """Return what all players with behavioural strategies do, in the order of their information sets."""
    from econsim.agents.behavioural_strategy import BehaviouralStrategy

    return [
        Point(player, name, dict(shares))
        for player, agent in solution.agents.items()
        if isinstance(agent, BehaviouralStrategy)
        for name, shares in agent.parameters.probabilities.items()
    ]


def records(solution: Solution) -> Iterator[dict[str, Any]]:
    """Yield one row per option of each information set, which the agent ``behavioural_strategy`` reads."""
    for player, name, shares in points(solution):
        for option, share in shares.items():
            yield {"player": player, "information_set": name, "option": option, "probability": share}


def payoffs_text(game: Game[Any], solution: Solution) -> str:
    """Return the expected payoffs of all players in words."""
    from econsim.expected_play import expected_returns

    returns = expected_returns(game, solution.agents) or {}
    return ", ".join(f"{name} {round(float(value), 9) + 0.0:.6g}" for name, value in returns.items())
