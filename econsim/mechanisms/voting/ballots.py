"""Ballots: sincere ballots, all possible ballots, and a test for single-peaked preferences."""

from __future__ import annotations

from itertools import permutations, product

import torch
from torch import Tensor


def approvals(utility: Tensor) -> Tensor:
    """Return sincere approval ballots ``[..., C]`` of ones and zeros: candidates better than the average are approved.

    This is the best response of a voter who considers all pairs of candidates equally likely to be tied for the first
    place (Weber 1978). A voter who is indifferent between all candidates approves none.
    """
    return (utility > utility.mean(-1, keepdim=True)).to(utility)


def every_ranking(candidates: int) -> Tensor:
    """Return all strict rankings as ballots, ``[C!, C]`` float64, from ``C - 1`` points for the best to 0."""
    return torch.tensor(list(permutations(range(candidates))), dtype=torch.float64)


def every_approval(candidates: int) -> Tensor:
    """Return all approval ballots, ``[2^C, C]`` float64."""
    return torch.tensor(list(product((0.0, 1.0), repeat=candidates)), dtype=torch.float64)


def single_peaked(ballots: Tensor) -> Tensor:
    """Return whether ballots ``[..., C]`` are single-peaked along the candidates' order, ``[...]``.

    Two adjacent candidates with the same highest score count as one peak; equal scores elsewhere violate
    single-peakedness (Black 1948).
    """
    step = ballots.diff(dim=-1)
    peak = ballots.amax(-1, keepdim=True)
    level = (step == 0) & (ballots[..., 1:] == peak)
    rises, falls = step > 0, step < 0
    fell_before = (falls.cumsum(-1) - falls.long()) > 0
    return ((rises & ~fell_before) | falls | level).all(-1)
