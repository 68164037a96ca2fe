"""Maximal lottery of a preference game by linear programming: the probabilities that no other lottery beats.

``max v`` subject to ``p' P >= v`` for every alternative, ``p >= 0`` and ``sum p = 1``, solved with HiGHS; ``v`` is half
of the sum of payoffs. The notes compare it with the Condorcet winner and with rules that use pairwise comparisons only:
Borda, Copeland, Schulze, and the order of Bradley-Terry strengths.

Sources: Kreweras (1965); Fishburn (1984).
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

import torch
from torch import Tensor

from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.mechanisms.voting import borda_scores, bradley_terry_shares, copeland_scores, schulze_scores
from econsim.parameters import Model
from econsim.solvers._preferences import names_of, preference_table
from econsim.solvers._tables import solution
from econsim.solvers.zero_sum import maximin

__all__ = ["MaximalLottery", "Parameters"]

REFERENCES = (
    "@article{fishburn1984probabilistic, title={Probabilistic Social Choice Based on Simple Voting Comparisons}, "
    "author={Fishburn, Peter C.}, journal={Review of Economic Studies}, volume={51}, number={4}, pages={683--692}, "
    "year={1984}}",
)
_SAME = 1e-9  # scores that differ by less are equal
_CYCLE = "No alternative beats every other one (no Condorcet winner)."
_RULES = {"Borda": borda_scores, "Copeland": copeland_scores, "Schulze": schulze_scores}


class Parameters(Model):
    """The solver has no parameters."""


class MaximalLottery:
    """Solver of preference games by a linear program."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the lottery, which both candidates play; see :class:`~econsim.learning.Solver`.

        If several lotteries are maximal, it is one corner of their set. If the time limit is reached first, all
        alternatives are equally likely.

        Raises:
            UserError: the game is not a symmetric game of two players whose payoffs add up to a constant, or an agent
                is fixed.
        """
        payoffs = preference_table(game, fixed, "maximal_lottery")
        deadline = None if time_limit is None else monotonic() + time_limit
        lottery, _ = maximin(payoffs.numpy(), deadline)
        return solution(game, [(lottery, lottery)], notes=_compared(payoffs, names_of(game)))


def _compared(payoffs: Tensor, names: tuple[str, ...]) -> list[str]:
    margins = (payoffs - payoffs.T) / 2
    beaten = (margins > _SAME).sum(1).tolist()
    winners = [name for name, count in zip(names, beaten, strict=True) if count == len(names) - 1]
    majority = f"{winners[0]} beats every other alternative (Condorcet winner)." if winners else _CYCLE
    shares = (0.5 + margins / (2 * max(0.5, float(margins.abs().max()))))[None]
    best = [f"{rule} {_best(scores(shares)[0], names)}" for rule, scores in _RULES.items()]
    best.append(f"Bradley-Terry {_best(bradley_terry_shares(shares)[0], names)}")
    return [majority, f"Winners by other rules: {'; '.join(best)}."]


def _best(scores: Tensor, names: tuple[str, ...]) -> str:
    first = torch.nonzero(scores >= scores.max() - _SAME)[:, 0].tolist()
    return ", ".join(names[index] for index in first)
