"""Fictitious play: each player answers the average of all past play of the others, in games of any number of players.

The averages converge to a Nash equilibrium in zero-sum games, in potential games, in games solved by strict dominance
and in two-player games with two options; in others they may cycle, as in Shapley's game. The gap states which.

Sources: Brown (1951); Robinson (1951) for zero-sum games; Monderer and Shapley (1996) for potential games.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._iteration import Strategies, best_of, solution_of, span, uniform, values
from econsim.solvers._pace import Pace
from econsim.solvers._tables import payoff_table

__all__ = ["FictitiousPlay", "Parameters"]

REFERENCES = (
    "@incollection{brown1951iterative, title={Iterative Solution of Games by Fictitious Play}, author={Brown, "
    "George W.}, booktitle={Activity Analysis of Production and Allocation}, publisher={Wiley}, "
    "pages={374--376}, year={1951}}",
)


class Parameters(Model):
    """Parameters of fictitious play."""

    gap: float = Field(default=1e-3, gt=0)
    """The Nash gap at which the solver stops, relative to the range of payoffs."""
    iterations: int = Field(default=20_000, ge=1)
    """The largest number of iterations."""


class FictitiousPlay:
    """Solver that answers the average of past play."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the average strategies with the smallest gap; see :class:`~econsim.learning.Solver`.

        Raises:
            UserError: payoffs cannot be enumerated, or an agent is fixed.
        """
        payoffs = torch.from_numpy(payoff_table(game, fixed, "fictitious_play"))
        pace = Pace(self.parameters.iterations, time_limit, progress)
        gap = self.parameters.gap * span(payoffs)
        path = _averages(payoffs, self.parameters.iterations)
        return solution_of(game, best_of(payoffs, path, gap, pace.stops), gap, pace)


def _averages(payoffs: Tensor, iterations: int) -> Iterator[Strategies]:
    """Yield the averages of play; all options are equally probable at first, and ties go to the first option."""
    averages = uniform(payoffs)
    yield averages
    for number in range(2, iterations + 1):
        answers = [int(value.argmax()) for value in values(payoffs, averages)]
        averages = [average * (1 - 1 / number) for average in averages]
        for average, answer in zip(averages, answers, strict=True):
            average[answer] += 1 / number
        yield averages
