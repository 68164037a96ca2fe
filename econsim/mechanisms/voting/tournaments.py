"""Rules that use only pairwise comparisons: scores of candidates from margins or from shares of voters.

Margins ``M`` ``[B, C, C]`` are the weight of voters who prefer ``a`` to ``b`` less that of those who prefer ``b``, as
:func:`~econsim.mechanisms.voting.margins` returns them; shares ``P = 1/2 + M / (2 W)``, for voters of total weight
``W``, as :func:`preference_shares` returns them. All scores are float64 ``[B, C]``, higher for better.
"""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.mechanisms.voting.chances import weights_of
from econsim.mechanisms.voting.pairwise import margins

__all__ = ["borda_scores", "bradley_terry_shares", "copeland_scores", "preference_shares", "schulze_scores"]

_MOST_STEPS, _PRECISE = 10_000, 1e-12


def preference_shares(utility: Tensor, weights: Tensor | None = None, precision: float | None = None) -> Tensor:
    """Return the share of voters who prefer ``a`` to ``b``, ``[B, C, C]`` float64; with its transpose it adds up to 1.

    Args:
        utility: of each voter from each candidate's victory, ``[B, V, C]``; any scores in the same order without noise.
        weights: of voters, ``[V]`` or ``[B, V]``; one each by default.
        precision: without it, voters choose the better of two, and the indifferent count half for either. With it, the
            probability of choosing ``a`` is logistic, ``1 / (1 + exp(-precision (u_a - u_b)))``, with the precision in
            inverse units of utility.

    Raises:
        ValueError: all weights of an election are zero.
    """
    mass = weights_of(utility, weights)
    total = mass.sum(-1)[:, None, None]
    if not bool((total > 0).all()):
        raise ValueError("preference_shares: expected at least one voter with a positive weight in each election")
    if precision is None:
        return 0.5 + margins(utility, weights) / (2.0 * total)
    exact = utility.double()
    rows = [
        (mass[..., None] * torch.sigmoid(precision * (exact[..., first, None] - exact))).sum(1)
        for first in range(utility.shape[-1])
    ]
    return torch.stack(rows, 1) / total


def borda_scores(shares: Tensor) -> Tensor:
    """Return the mean share of voters who prefer a candidate to each of the others (Borda 1781)."""
    size = shares.shape[-1]
    return (shares.sum(-1) - 0.5) / max(1, size - 1)


def copeland_scores(shares: Tensor) -> Tensor:
    """Return the number of other candidates that a candidate beats, with half for each tie (Copeland 1951)."""
    margin = shares - shares.mT
    return ((margin > 0).double() + 0.5 * (margin == 0).double()).sum(-1) - 0.5


def schulze_scores(shares: Tensor) -> Tensor:
    """Return the number of other candidates that a candidate beats by the strength of its strongest path.

    The strength of a path of pairwise victories is its smallest winning share, and ``a`` beats ``b`` where its
    strongest path to ``b`` is stronger than that back. Candidates whom nobody beats win (Schulze 2011).
    """
    strength = torch.where(shares > shares.mT, shares, torch.zeros_like(shares))
    for via in range(shares.shape[-1]):
        through = torch.minimum(strength[..., via, None], strength[..., via, None, :])
        strength = torch.maximum(strength, through)
    return (strength > strength.mT).sum(-1).double()


def bradley_terry_shares(shares: Tensor) -> Tensor:
    r"""Return the Bradley-Terry strengths of candidates, which add up to one.

    They maximise the likelihood of the pairwise shares in the model $P(a \succ b) = s_a / (s_a + s_b)$, which cannot
    represent cycles, by the fixed point ``s_a <- W_a / sum_b 1 / (s_a + s_b)`` (Zermelo 1929, Hunter 2004), where
    ``W_a`` is the sum of the shares of ``a``. A candidate whom nobody prefers has none.
    """
    size = shares.shape[-1]
    others = ~torch.eye(size, dtype=torch.bool, device=shares.device)
    wins = torch.where(others, shares, 0.0).sum(-1)
    strength = torch.full_like(wins, 1.0 / size)
    for _ in range(_MOST_STEPS):
        pairs = (strength[..., None] + strength[..., None, :]).clamp(min=_PRECISE)
        updated = wins / torch.where(others, 1.0 / pairs, 0.0).sum(-1).clamp(min=_PRECISE)
        updated = updated / updated.sum(-1, keepdim=True)
        change = (updated - strength).abs().max()
        strength = updated
        if change <= _PRECISE:
            break
    return strength
