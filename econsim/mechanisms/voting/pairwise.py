"""Candidates two by two: margins, the Condorcet winner and minimax."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.mechanisms.voting.chances import best_of, weights_of


def margins(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return by how many voters ``a`` is liked better than ``b``, less those who like ``b`` better, ``[B, C, C]``.

    Voters who like both equally count for neither. Float64, skew-symmetric.
    """
    mass = weights_of(ballots, weights)[..., None]
    rows = [
        (mass * (ballots[..., place, None] - ballots).sign()).sum(1)  # one row at a time: [B, V, C, C] may be large
        for place in range(ballots.shape[-1])
    ]
    return torch.stack(rows, 1)


def condorcet_winner(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return who beats every other candidate by a majority, ``[B]`` int64; -1 where nobody does."""
    wins = _against_others(margins(ballots, weights), 1.0) > 0
    beats_all = wins.all(-1)
    return torch.where(beats_all.any(-1), beats_all.to(torch.int8).argmax(-1), -1)


def minimax(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return chances ``[B, C]`` for the candidate whose worst margin is the best (Simpson 1969, Kramer 1977).

    Where there is a Condorcet winner it is the only one without a defeat, and wins.
    """
    return best_of(_against_others(margins(ballots, weights), torch.inf).amin(-1))


def borda(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return chances ``[B, C]`` by Borda points: the margins over all others, added up (Borda 1781).

    For strict rankings they are twice the usual points ``C - 1, ..., 1, 0``, less a constant.
    """
    return best_of(margins(ballots, weights).sum(-1))


def _against_others(margin: Tensor, oneself: float) -> Tensor:
    """Return margins ``[B, C, C]`` with ``oneself`` on the diagonal."""
    own = torch.eye(margin.shape[-1], dtype=torch.bool, device=margin.device)
    return margin.masked_fill(own, oneself)
