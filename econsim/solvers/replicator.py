"""Replicator dynamics: options grow in proportion to their payoff above the average, in games of any number of players.

``d log x_i / dt = u_i(x) - u(x)`` for each option ``i`` of each player. A step of length ``h`` multiplies each share by
``exp(h u_i)`` and divides by the sum, which is exact for payoffs that stay constant within the step. Evolutionarily
stable strategies are asymptotically stable where all players draw from one population; in zero-sum games the shares
move in circles around the equilibrium. An option that is not played at the start is never played.

Sources: Taylor and Jonker (1978); Hofbauer and Sigmund (1998), *Evolutionary Games and Population Dynamics*, chapter 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._iteration import Strategies, best_of, solution_of, span, start_of, values
from econsim.solvers._pace import Pace
from econsim.solvers._tables import payoff_table, player_names

__all__ = ["Parameters", "Replicator"]

REFERENCES = (
    "@article{taylor1978evolutionary, title={Evolutionarily Stable Strategies and Game Dynamics}, author={Taylor, "
    "Peter D. and Jonker, Leo B.}, journal={Mathematical Biosciences}, volume={40}, pages={145--156}, year={1978}}",
)


class Parameters(Model):
    """Parameters of replicator dynamics."""

    population: Literal["each", "shared"] = "each"
    """``each``: every player has a population of its own; ``shared``: all draw from one, in a symmetric game."""
    start: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Shares of each player's options at the start, by player; all equal for players that are not named. With a shared
    population, those of the first player."""
    step: float = Field(default=0.1, gt=0, le=1)
    """Length of a step, in units of time in which the largest possible difference of payoffs grows a share by e."""
    gap: float = Field(default=1e-6, gt=0)
    """The Nash gap at which the solver stops, relative to the range of payoffs."""
    iterations: int = Field(default=20_000, ge=1)
    """The largest number of steps."""


class Replicator:
    """Solver that follows replicator dynamics."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the shares with the smallest gap on the path; see :class:`~econsim.learning.Solver`.

        Raises:
            UserError: payoffs cannot be enumerated, an agent is fixed, the start is not a strategy of each player, or
                the population is shared and the game is not symmetric.
        """
        payoffs = torch.from_numpy(payoff_table(game, fixed, "replicator"))
        if self.parameters.population == "shared" and not _is_symmetric(payoffs):
            raise UserError("solver.population: shared needs a symmetric game, in which players can be exchanged")
        start = start_of(payoffs, player_names(game), self.parameters.start)
        start = start if self.parameters.population == "each" else [start[0]] * len(start)
        pace = Pace(self.parameters.iterations, time_limit, progress)
        gap = self.parameters.gap * span(payoffs)
        return solution_of(game, best_of(payoffs, self._path(payoffs, start), gap, pace.stops), gap, pace)

    def _path(self, payoffs: Tensor, strategies: Strategies) -> Iterator[Strategies]:
        length = self.parameters.step / span(payoffs)
        yield strategies
        for _ in range(self.parameters.iterations):
            paid = values(payoffs, strategies)
            if self.parameters.population == "shared":
                paid = [paid[0]] * len(paid)
            strategies = [
                torch.softmax(share.log() + length * value, 0) for share, value in zip(strategies, paid, strict=True)
            ]
            yield strategies


def _is_symmetric(payoffs: Tensor) -> bool:
    """Return whether exchanging the first player with any other exchanges their payoffs, and leaves those of others."""
    players = len(payoffs)
    if len(set(payoffs.shape[1:])) > 1:
        return False
    for player in range(1, players):
        order = list(range(players))
        order[0], order[player] = player, 0
        if not torch.equal(payoffs[order].transpose(1, 1 + player), payoffs):
            return False
    return True
