"""Ballots: what sincere voters write, all that could be written, and whether preferences have one peak."""

from __future__ import annotations

from itertools import permutations, product

import torch
from torch import Tensor


def approvals(utility: Tensor) -> Tensor:
    """Return sincere approval ballots ``[..., C]`` of ones and zeros: what is better than the average candidate.

    Approving all above the average is the best answer of a voter who thinks every contest equally likely to be close
    (Weber 1978). A voter who likes all equally approves of nobody.
    """
    return (utility > utility.mean(-1, keepdim=True)).to(utility)


def every_ranking(candidates: int) -> Tensor:
    """Return all strict rankings as ballots, ``[C!, C]`` float64: the best has ``C - 1`` points, the worst none."""
    return torch.tensor(list(permutations(range(candidates))), dtype=torch.float64)


def every_approval(candidates: int) -> Tensor:
    """Return all approval ballots, ``[2^C, C]`` float64."""
    return torch.tensor(list(product((0.0, 1.0), repeat=candidates)), dtype=torch.float64)


def single_peaked(ballots: Tensor) -> Tensor:
    """Return whether ballots ``[..., C]`` rise to one peak and fall after it, along the candidates' order, ``[...]``.

    Two equally good neighbours at the top count as one peak; equally good candidates elsewhere do not (Black 1948).
    """
    step = ballots.diff(dim=-1)
    peak = ballots.amax(-1, keepdim=True)
    level = (step == 0) & (ballots[..., 1:] == peak)
    rises, falls = step > 0, step < 0
    fell_before = (falls.cumsum(-1) - falls.long()) > 0
    return ((rises & ~fell_before) | falls | level).all(-1)
