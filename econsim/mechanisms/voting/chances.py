"""Probabilities of winning from points, and winners from probabilities."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim import random

# Points are sums of weights in float64; with a million voters rounding affects the tenth digit.
_SAME = 1e-9


def weights_of(ballots: Tensor, weights: Tensor | None) -> Tensor:
    """Return the weight of every voter, ``[B, V]`` float64; one each by default."""
    shape = ballots.shape[:2]
    if weights is None:
        return torch.ones(shape, dtype=torch.float64, device=ballots.device)
    return weights.to(ballots.device, torch.float64).expand(shape)


def best_of(points: Tensor) -> Tensor:
    """Return probabilities of winning ``[B, C]``, equal for all candidates with the most ``points`` ``[B, C]``."""
    scale = points.abs().amax(-1, keepdim=True)
    first = (points >= points.amax(-1, keepdim=True) - _SAME * scale).to(torch.float64)
    return first / first.sum(-1, keepdim=True)


def certain(winner: Tensor, candidates: int) -> Tensor:
    """Return probabilities of winning ``[B, C]``: one for the ``winner`` ``[B]``."""
    return torch.nn.functional.one_hot(winner, candidates).to(torch.float64)


def elect(chances: Tensor, key: Tensor | None = None) -> Tensor:
    """Return the winner of each election, ``[B]`` int64.

    Args:
        chances: probabilities of winning, ``[B, C]``.
        key: random keys ``[B]`` to draw winners; without keys, the candidate with the highest probability wins, and
            among several the first in the candidates' order.
    """
    if key is None:
        return (chances >= chances.amax(-1, keepdim=True) - _SAME).to(torch.int8).argmax(-1)
    draw = random.uniform(key, 0, "voting/elect", (), torch.float64)
    up_to = chances.cumsum(-1) / chances.sum(-1, keepdim=True)
    return (draw[:, None] >= up_to[:, :-1]).sum(-1)
