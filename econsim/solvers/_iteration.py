"""Iterated strategies of games with any number of players: the best ones so far, up to a gap or a time limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.expected_play import deviation_payoffs, nash_gap
from econsim.game import Game
from econsim.learning import Solution
from econsim.solvers._pace import Pace, Stops
from econsim.solvers._tables import solution

_CHECK_EVERY = 20

Strategies = Sequence[Tensor]
"""The mixed strategy ``[A_p]`` of each player, float64."""


class Reached(NamedTuple):
    """The strategies with the smallest Nash gap, that gap, and the number of iterations."""

    strategies: Strategies
    gap: float
    iterations: int


def best_of(payoffs: Tensor, path: Iterable[Strategies], gap: float, stops: Stops) -> Reached:
    """Follow a path of strategies until the gap is reached, the path ends or ``stops`` says so; return the best of it.

    Args:
        payoffs: ``[P, A_1, ..., A_P]``, float64.
        path: the strategies after each iteration, at least one.
        gap: the Nash gap that is small enough, in payoffs.
        stops: whether to stop, given the iterations that are done.
    """
    best: Reached | None = None
    number, last = 0, None
    for number, strategies in enumerate(path, 1):
        last = strategies
        if (number - 1) % _CHECK_EVERY:
            continue
        best = _better(payoffs, best, strategies, number)
        if stops(number, f"gap {best.gap:.2g}", best.gap) or best.gap <= gap:
            return best._replace(iterations=number)
    assert last is not None  # the path is not empty
    return _better(payoffs, best, last, number)._replace(iterations=number)


def _better(payoffs: Tensor, best: Reached | None, strategies: Strategies, number: int) -> Reached:
    gap = nash_gap(payoffs, strategies).lower
    return Reached(strategies, gap, number) if best is None or gap < best.gap else best


def solution_of(game: Game[Any], reached: Reached, gap: float, pace: Pace) -> Solution:
    """Return the solution that plays the best strategies, with a note where their gap is above the one asked for."""
    notes = []
    if reached.gap > gap:
        notes = [f"Stopped after {reached.iterations:,} iterations, above the gap of {gap:.3g} asked for."]
    mixes = [strategy.numpy() for strategy in reached.strategies]
    found = solution(game, [mixes], residuals={"iterations": float(reached.iterations)}, notes=notes)
    return replace(found, gaps=pace.gaps)


def uniform(payoffs: Tensor) -> list[Tensor]:
    """Return the strategies in which all options are equally probable."""
    return [torch.full((count,), 1.0 / count, dtype=torch.float64) for count in payoffs.shape[1:]]


def start_of(payoffs: Tensor, players: Sequence[str], given: Mapping[str, Sequence[float]]) -> list[Tensor]:
    """Return the strategies at the start: those given by player, and uniform ones of all others.

    Raises:
        UserError: a player is not known, or the shares of one are not a strategy.
    """
    strategies = uniform(payoffs)
    for name, shares in given.items():
        if name not in players:
            raise UserError(f"solver.start: no player is called {name!r}; players: {', '.join(players)}")
        player = players.index(name)
        if len(shares) != len(strategies[player]) or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
            count = len(strategies[player])
            raise UserError(f"solver.start.{name}: expected {count} shares, at least 0, that add up to 1")
        strategies[player] = torch.tensor(shares, dtype=torch.float64)
    return strategies


def values(payoffs: Tensor, strategies: Strategies) -> list[Tensor]:
    """Return the expected payoff of each option of each player, with the other strategies fixed."""
    return [deviation_payoffs(payoffs, strategies, player) for player in range(len(strategies))]


def span(payoffs: Tensor) -> float:
    """Return the largest range of a player's payoffs; 1 where all are constant."""
    ranges = payoffs.flatten(1).amax(1) - payoffs.flatten(1).amin(1)
    return float(ranges.max()) or 1.0
