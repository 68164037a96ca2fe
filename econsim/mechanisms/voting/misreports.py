"""Gains from strategic voting, by exhaustive search over each voter's ballots."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from econsim.mechanisms.voting.rules import Rule

MOST_CANDIDATES = 7


@dataclass(frozen=True)
class Misreports:
    """Largest gain of every voter from an insincere ballot when all other voters are sincere.

    gain: ``[B, V]``, in the unit of utility, in expectation over ties and lotteries; zero if sincerity is optimal.
    ballot: ``[B, V, C]``, the ballot with the largest gain; the sincere ballot if no ballot gains.
    """

    gain: Tensor
    ballot: Tensor


def misreports(rule: Rule, utility: Tensor, weights: Tensor | None = None, among: Tensor | None = None) -> Misreports:
    """Return the largest gain of every voter over all ballots.

    Args:
        rule: the voting rule.
        utility: utility of each voter from each candidate's victory, ``[B, V, C]``.
        weights: weights of voters, ``[V]`` or ``[B, V]``; one each by default. A voter casts one ballot.
        among: ballots to try, ``[A, C]``; by default all ballots of the rule.

    Raises:
        ValueError: there are more than 7 candidates (5,040 rankings), and ``among`` is not given.
    """
    candidates = utility.shape[-1]
    if among is None and candidates > MOST_CANDIDATES:
        raise ValueError(
            f"misreports: expected at most {MOST_CANDIDATES} candidates, found {candidates}; pass ballots to try"
        )
    tried = (rule.every(candidates) if among is None else among).to(utility)
    sincere = rule.sincere(utility)
    by_voter = [_of_voter(rule, utility, sincere, weights, tried, voter) for voter in range(utility.shape[1])]
    return Misreports(*(torch.stack(columns, 1) for columns in zip(*by_voter, strict=True)))


def _of_voter(
    rule: Rule, utility: Tensor, sincere: Tensor, weights: Tensor | None, tried: Tensor, voter: int
) -> tuple[Tensor, Tensor]:
    """Return one voter's largest gain ``[B]`` and the ballot ``[B, C]`` that achieves it."""
    copies = utility.shape[0]
    ballots = torch.cat([sincere[:, None, voter], tried.expand(copies, -1, -1)], 1)
    options = ballots.shape[1]
    profiles = sincere.repeat_interleave(options, 0)
    profiles[:, voter] = ballots.flatten(0, 1)
    mass = None if weights is None else weights.expand(utility.shape[:2]).repeat_interleave(options, 0)
    chances = rule.chances(profiles, mass).reshape(copies, options, -1)
    expected = (chances * utility[:, None, voter].double()).sum(-1)
    gain = expected - expected[:, :1]
    # Gains within rounding error count as zero.
    gain = torch.where(gain > 1e-9 * utility[:, voter].abs().amax(-1, keepdim=True), gain, 0.0)
    best = gain.argmax(-1)
    batch = torch.arange(copies, device=utility.device)
    return gain[batch, best], ballots[batch, best]
