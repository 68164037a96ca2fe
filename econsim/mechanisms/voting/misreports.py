"""Does it pay to vote for something else than one likes? Every other ballot of every voter is tried."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from econsim.mechanisms.voting.rules import Rule

MOST_CANDIDATES = 7


@dataclass(frozen=True)
class Misreports:
    """What every voter gains at most by another ballot while all others are sincere.

    gain: ``[B, V]``, in the unit of utility, expected over ties and lotteries; zero where honesty pays best.
    ballot: ``[B, V, C]``, the ballot that gains most; the sincere one where none does.
    """

    gain: Tensor
    ballot: Tensor


def misreports(rule: Rule, utility: Tensor, weights: Tensor | None = None, among: Tensor | None = None) -> Misreports:
    """Try every ballot of every voter.

    Args:
        rule: the voting rule.
        utility: what each candidate's victory is worth to each voter, ``[B, V, C]``.
        weights: of voters, ``[V]`` or ``[B, V]``; one each when not given. A voter moves all its weight together.
        among: the ballots to try, ``[A, C]``; all of the rule when not given.

    Raises:
        ValueError: so many candidates that there are more than 5,040 rankings, and no ballots are given.
    """
    candidates = utility.shape[-1]
    if among is None and candidates > MOST_CANDIDATES:
        raise ValueError(f"misreports: {candidates} candidates; at most {MOST_CANDIDATES}, or say which ballots to try")
    tried = (rule.every(candidates) if among is None else among).to(utility)
    sincere = rule.sincere(utility)
    found = [_of_voter(rule, utility, sincere, weights, tried, voter) for voter in range(utility.shape[1])]
    return Misreports(*(torch.stack(parts, 1) for parts in zip(*found, strict=True)))


def _of_voter(
    rule: Rule, utility: Tensor, sincere: Tensor, weights: Tensor | None, tried: Tensor, voter: int
) -> tuple[Tensor, Tensor]:
    """Return the greatest gain ``[B]`` of one voter and the ballot ``[B, C]`` that brings it; the sincere one first."""
    copies = utility.shape[0]
    own = torch.cat([sincere[:, None, voter], tried.expand(copies, -1, -1)], 1)
    options = own.shape[1]
    profiles = sincere.repeat_interleave(options, 0)
    profiles[:, voter] = own.flatten(0, 1)
    mass = None if weights is None else weights.expand(utility.shape[:2]).repeat_interleave(options, 0)
    chances = rule.chances(profiles, mass).reshape(copies, options, -1)
    worth = (chances * utility[:, None, voter].double()).sum(-1)
    gain = worth - worth[:, :1]
    # What is gained must be more than rounding makes of equal worths.
    gain = torch.where(gain > 1e-9 * utility[:, voter].abs().amax(-1, keepdim=True), gain, 0.0)
    best = gain.argmax(-1)
    place = torch.arange(copies, device=utility.device)
    return gain[place, best], own[place, best]
