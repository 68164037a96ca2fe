"""The leader's derivative through a few gradient steps of the followers towards their optimum."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.planners.hypergradient.bilevel import Objective

__all__ = ["unrolled_answer", "unrolled_gradient"]


def unrolled_answer(
    lower: Objective, x: Tensor, y: Tensor, steps: int, rate: float, low: float = 0.0, high: float = 1.0
) -> Tensor:
    """Return the responses ``[B, N]`` after ``steps`` gradient steps of size ``rate`` on ``lower``, starting at ``y``.

    Responses are limited to ``low`` and ``high``; the result is differentiable with respect to ``x``.
    """
    response = y if y.requires_grad else y.detach().requires_grad_()
    for _ in range(steps):
        (slope,) = torch.autograd.grad(lower(x, response).sum(), response, create_graph=True)
        response = (response + rate * slope).clamp(low, high)
    return response


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
    """Return the derivative ``[B, D]`` of ``upper`` after gradient steps of the followers from ``y`` ``[B, N]``.

    A small number of steps understates the response. Zero steps give the naive derivative, which assumes that followers
    do not respond.
    """
    at = x.detach().requires_grad_()
    total = upper(at, unrolled_answer(lower, at, y, steps, rate, low, high)).sum()
    (gradient,) = torch.autograd.grad(total, at)
    return gradient
