"""The leader's derivative through a few steps in which followers climb towards what is best for them."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.planners.hypergradient.bilevel import Objective

__all__ = ["unrolled_answer", "unrolled_gradient"]


def unrolled_answer(
    lower: Objective, x: Tensor, y: Tensor, steps: int, rate: float, low: float = 0.0, high: float = 1.0
) -> Tensor:
    """Return where ``steps`` steps of size ``rate`` along the slope of ``lower`` lead from ``y``, ``[B, N]``.

    Answers stay between ``low`` and ``high``; the result is differentiable in ``x``.
    """
    answer = y if y.requires_grad else y.detach().requires_grad_()
    for _ in range(steps):
        (slope,) = torch.autograd.grad(lower(x, answer).sum(), answer, create_graph=True)
        answer = (answer + rate * slope).clamp(low, high)
    return answer


def unrolled_gradient(
    upper: Objective,
    lower: Objective,
    x: Tensor,
    y: Tensor,
    steps: int,
    rate: float,
    low: float = 0.0,
    high: float = 1.0,
) -> Tensor:
    """Return the derivative ``[B, D]`` of ``upper`` after ``steps`` steps of the followers from ``y`` ``[B, N]``.

    Few steps understate how far followers go; no steps at all are the naive derivative, which takes them to stand
    still.
    """
    at = x.detach().requires_grad_()
    total = upper(at, unrolled_answer(lower, at, y, steps, rate, low, high)).sum()
    (found,) = torch.autograd.grad(total, at)
    return found
