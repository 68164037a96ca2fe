"""Pairwise comparisons of candidates: margins, the Condorcet winner, and the minimax and Borda rules."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.mechanisms.voting.chances import best_of, weights_of


def margins(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the weight of voters who prefer ``a`` to ``b``, less that of those who prefer ``b``, ``[B, C, C]``.

    Indifferent voters count for neither. The result is float64 and skew-symmetric.
    """
    mass = weights_of(ballots, weights)[..., None]
    rows = [
        (mass * (ballots[..., first, None] - ballots).sign()).sum(1)  # one row at a time: [B, V, C, C] may be large
        for first in range(ballots.shape[-1])
    ]
    return torch.stack(rows, 1)


def condorcet_winner(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the candidate who beats every other by a majority, ``[B]`` int64; -1 if there is none."""
    wins = _against_others(margins(ballots, weights), 1.0) > 0
    beats_all = wins.all(-1)
    return torch.where(beats_all.any(-1), beats_all.to(torch.int8).argmax(-1), -1)


def minimax(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return probabilities of winning ``[B, C]``: the candidate with the best worst margin wins.

    A Condorcet winner wins, as the only candidate without a defeat. Sources: Simpson (1969), Kramer (1977).
    """
    return best_of(_against_others(margins(ballots, weights), torch.inf).amin(-1))


def borda(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return probabilities of winning ``[B, C]`` by Borda points: the sum of margins over all others (Borda 1781).

    For strict rankings these are twice the usual points ``C - 1, ..., 1, 0``, less a constant.
    """
    return best_of(margins(ballots, weights).sum(-1))


def _against_others(margin: Tensor, oneself: float) -> Tensor:
    """Return margins ``[B, C, C]`` with ``oneself`` on the diagonal."""
    diagonal = torch.eye(margin.shape[-1], dtype=torch.bool, device=margin.device)
    return margin.masked_fill(diagonal, oneself)
