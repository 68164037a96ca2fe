"""Voting rules by name: ballots, sincere ballots and probabilities of winning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from econsim.mechanisms.voting.ballots import approvals, every_approval, every_ranking
from econsim.mechanisms.voting.chances import best_of, certain, weights_of
from econsim.mechanisms.voting.lotteries import maximal_lottery
from econsim.mechanisms.voting.median import median
from econsim.mechanisms.voting.pairwise import borda, minimax

RuleName = Literal["plurality", "approval", "borda", "ranked_choice", "minimax", "maximal_lottery", "median"]


class _Chances(Protocol):
    def __call__(self, ballots: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return probabilities of winning ``[B, C]`` for ballots ``[B, V, C]``."""


@dataclass(frozen=True)
class Rule:
    """A voting rule.

    chances: function from ballots ``[B, V, C]`` and weights to probabilities of winning ``[B, C]``.
    sincere: function from utilities to the ballots of sincere voters.
    every: function from the number of candidates to all ballots that the rule distinguishes, ``[A, C]``.
    asks: content of a ballot: one name, several names, or an order of candidates.
    """

    chances: _Chances
    sincere: Callable[[Tensor], Tensor]
    every: Callable[[int], Tensor]
    asks: Literal["name", "names", "order"]


def plurality(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return probabilities of winning ``[B, C]``: the candidate named first by most voters wins."""
    return best_of(_named(ballots, weights_of(ballots, weights)))


def approval(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return probabilities of winning ``[B, C]``: the candidate approved by most wins; ballots are ones and zeros."""
    return best_of((weights_of(ballots, weights)[..., None] * ballots).sum(1))


def ranked_choice(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return probabilities of winning ``[B, C]``: the candidate named least is eliminated, round by round.

    A candidate with a majority of first choices is never eliminated, so no early stop is needed.
    """
    mass, candidates = weights_of(ballots, weights), ballots.shape[-1]
    out = torch.zeros((ballots.shape[0], candidates), dtype=torch.bool, device=ballots.device)
    for _ in range(candidates - 1):
        named = _named(ballots.masked_fill(out[:, None], -torch.inf), mass).masked_fill(out, torch.inf)
        last = candidates - 1 - named.flip(-1).argmin(-1)
        out = out.scatter(1, last[:, None], True)
    return certain((~out).to(torch.int8).argmax(-1), candidates)


def _named(ballots: Tensor, mass: Tensor) -> Tensor:
    """Return the weight of voters who name each candidate first, ``[B, C]``; ties go to the first candidate."""
    named = torch.zeros((ballots.shape[0], ballots.shape[-1]), dtype=mass.dtype, device=mass.device)
    return named.scatter_add(1, ballots.argmax(-1), mass)


def _as_it_is(utility: Tensor) -> Tensor:
    return utility


def _every_name(candidates: int) -> Tensor:
    return torch.eye(candidates, dtype=torch.float64)


RULES: dict[RuleName, Rule] = {
    "plurality": Rule(plurality, _as_it_is, _every_name, "name"),
    "approval": Rule(approval, approvals, every_approval, "names"),
    "borda": Rule(borda, _as_it_is, every_ranking, "order"),
    "ranked_choice": Rule(ranked_choice, _as_it_is, every_ranking, "order"),
    "minimax": Rule(minimax, _as_it_is, every_ranking, "order"),
    "maximal_lottery": Rule(maximal_lottery, _as_it_is, every_ranking, "order"),
    "median": Rule(median, _as_it_is, _every_name, "name"),
}
"""All rules by name."""
