"""Predictive regret matching+: two-player zero-sum games of many options, or many games at once.

Each player mixes its options in proportion to their positive cumulative regrets, to which half of the last regret is
added as a prediction of the next one. The bound on regrets holds for any prediction; half of the last one takes a third
fewer iterations than all of it in large tables of independent payoffs, and about as many in others. The players
alternate, and strategies are averaged with weights that grow as the square of the iteration. The gap of a pair of
strategies is the sum of what both players gain from their best options; the better of the average and the last pair is
kept. The gap falls roughly as the square of the number of iterations, which for large tables is much faster than linear
programming.

Sources: Hart and Mas-Colell (2000); Tammelin (2014) for the cut at zero; Farina, Kroer and Sandholm (2021) for the
prediction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import torch
from pydantic import Field
from torch import Tensor

from econsim.game import Agent, Game
from econsim.kernels import numba_version
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._pace import Pace, Stops
from econsim.solvers._tables import Play, solution, zero_sum_table

__all__ = ["PREDICTED", "Parameters", "RegretMatching", "equilibria"]

REFERENCES = (
    "@inproceedings{farina2021faster, title={Faster Game Solving via Predictive Blackwell Approachability: Connecting "
    "Regret Matching and Mirror Descent}, author={Farina, Gabriele and Kroer, Christian and Sandholm, Tuomas}, "
    "booktitle={Proceedings of the AAAI Conference on Artificial Intelligence}, year={2021}}",
)
PREDICTED = 0.5
"""The share of the last regret that is expected again."""
_CHECK_EVERY = 50
_FEWEST_COMPILED = 50_000  # payoffs of all games, below which the compilation takes longer than it saves
_FINEST_SINGLE = 1e-5  # relative gaps below this one need double precision


class Parameters(Model):
    """Parameters of regret matching."""

    gap: float = Field(default=1e-4, gt=0)
    """The gap at which the solver stops, relative to the range of payoffs."""
    iterations: int = Field(default=100_000, ge=1)
    """The largest number of iterations."""


class RegretMatching:
    """Solver of two-player games whose payoffs add up to a constant, by regret matching."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return a mixed strategy for each player; see :class:`~econsim.learning.Solver`.

        The residual ``gap`` is the sum of both players' gains, in payoffs; ``iterations`` is the number of iterations.

        Raises:
            UserError: the game does not have two players, its payoffs cannot be enumerated or do not add up to a
                constant, or an agent is fixed.
        """
        table = zero_sum_table(game, fixed, "regret_matching")
        settings = self.parameters
        pace = Pace(settings.iterations, time_limit, progress)
        payoff = torch.from_numpy(table[0]).to(game.device)
        found = equilibria(payoff[None], settings.gap, settings.iterations, pace.stops)
        range_of = float(payoff.max() - payoff.min())
        notes = []
        if float(found.gaps) > settings.gap * range_of:
            notes = [f"Stopped after {found.iterations:,} iterations, above the gap of {settings.gap:g} asked for."]
        residuals = {"gap": float(found.gaps), "iterations": float(found.iterations)}
        mixes = found.row[0].cpu().numpy(), found.column[0].cpu().numpy()
        return replace(solution(game, [mixes], 0, None, residuals, notes), gaps=pace.gaps)


@torch.no_grad()
def equilibria(payoffs: Tensor, gap: float, iterations: int, stops: Stops | None = None) -> Play:
    """Solve ``G`` zero-sum games of one shape as one batch.

    Args:
        payoffs: ``[G, R, C]`` of the row player, float64, on any device.
        gap: stops when every game has a gap of at most this share of the range of its payoffs.
        iterations: the largest number of iterations.
        stops: receives the iterations that are done, the largest relative gap in words and the largest gap in payoffs;
            if it returns true, the best strategies found so far are returned.
    """
    spans = (payoffs.amax((1, 2)) - payoffs.amin((1, 2))).clamp(min=torch.finfo(torch.float64).tiny)
    precision = torch.float32 if gap >= _FINEST_SINGLE else torch.float64
    process = _iterations(payoffs.to(precision) / spans.to(precision)[:, None, None])
    best = _Best(payoffs, *process.last())
    for done in range(0, iterations, _CHECK_EVERY):
        number = min(done + _CHECK_EVERY, iterations)
        process.run(done + 1, number)
        best.consider(*process.averages())
        best.consider(*process.last())
        largest = float((best.gaps / spans).max())
        of_all = float(best.gaps.max())
        if (stops is not None and stops(number, f"relative gap {largest:.2g}", of_all)) or largest <= gap:
            break
    return Play(best.row, best.column, best.gaps, number)


class Iterations(Protocol):
    """The strategies of both players in ``G`` games, ``[G, R]`` and ``[G, C]``, after a number of iterations."""

    def run(self, first: int, last: int) -> None:
        """Do the iterations from ``first`` to ``last``, counted from 1."""

    def averages(self) -> tuple[Tensor, Tensor]:
        """Return the weighted means of all strategies so far, float64."""

    def last(self) -> tuple[Tensor, Tensor]:
        """Return the strategies of the last iteration."""


def _iterations(payoffs: Tensor) -> Iterations:
    """Return iterations in machine code where they are worth its compilation and numba is installed."""
    if payoffs.device.type != "cpu" or payoffs.numel() < _FEWEST_COMPILED or numba_version() is None:
        return PlainIterations(payoffs)
    from econsim.solvers._regret_matching_kernels import CompiledIterations

    return CompiledIterations(payoffs)


class PlainIterations:
    """Iterations in tensors, on any device; see :class:`Iterations`."""

    def __init__(self, payoffs: Tensor) -> None:
        games, rows, columns = payoffs.shape
        self.payoffs = payoffs
        self.row, self.column = _Player(games, rows, payoffs), _Player(games, columns, payoffs)

    def run(self, first: int, last: int) -> None:
        """Do the iterations from ``first`` to ``last``."""
        for number in range(first, last + 1):
            weight = float(number) ** 2
            self.row.update(torch.bmm(self.payoffs, self.column.mix[..., None])[..., 0], weight)
            self.column.update(-torch.bmm(self.row.mix[:, None], self.payoffs)[:, 0], weight)

    def averages(self) -> tuple[Tensor, Tensor]:
        """Return the weighted means ``[G, R]`` and ``[G, C]`` of all strategies so far."""
        return self.row.average, self.column.average

    def last(self) -> tuple[Tensor, Tensor]:
        """Return the strategies ``[G, R]`` and ``[G, C]`` of the last iteration."""
        return self.row.mix, self.column.mix


class _Player:
    """The regrets, the current strategy and the average strategy of one player in every game, ``[G, A]``."""

    def __init__(self, games: int, options: int, like: Tensor) -> None:
        self.mix = like.new_full((games, options), 1.0 / options)
        self.regret = like.new_zeros(games, options)
        self.total = like.new_zeros((games, options), dtype=torch.float64)

    @property
    def average(self) -> Tensor:
        """The weighted mean of all strategies so far."""
        return self.total / self.total.sum(-1, keepdim=True)

    def update(self, values: Tensor, weight: float) -> None:
        """Update regrets by the payoffs of all options, and the strategy by the prediction."""
        gained = values - (values * self.mix).sum(-1, keepdim=True)
        self.regret.add_(gained).clamp_(min=0.0)
        predicted = (self.regret + PREDICTED * gained).clamp_(min=0.0)
        total = predicted.sum(-1, keepdim=True)
        self.mix = torch.where(total > 0, predicted / total, 1.0 / predicted.shape[-1])
        self.total.add_(self.mix, alpha=weight)


class _Best:
    """The strategies with the smallest gap so far, in every game."""

    def __init__(self, payoffs: Tensor, row: Tensor, column: Tensor) -> None:
        self.payoffs, self.row, self.column = payoffs, row.double(), column.double()
        self.gaps = self._gaps(self.row, self.column)

    def consider(self, row: Tensor, column: Tensor) -> None:
        """Keep these strategies in the games in which their gap is smaller."""
        row, column = (mix.double() / mix.double().sum(-1, keepdim=True) for mix in (row, column))
        gaps = self._gaps(row, column)
        better = (gaps < self.gaps)[:, None]
        self.row, self.column = torch.where(better, row, self.row), torch.where(better, column, self.column)
        self.gaps = torch.minimum(gaps, self.gaps)

    def _gaps(self, row: Tensor, column: Tensor) -> Tensor:
        highest = torch.bmm(self.payoffs, column[..., None])[..., 0].amax(-1)
        lowest = torch.bmm(row[:, None], self.payoffs)[:, 0].amin(-1)
        return (highest - lowest).clamp(min=0.0)
