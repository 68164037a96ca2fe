"""Conjugate gradients: linear systems that are known by their products only, one a copy."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.planners.hypergradient.bilevel.hvp import Product

__all__ = ["conjugate_gradient"]


def conjugate_gradient(
    product: Product, target: Tensor, iterations: int = 50, damping: float = 0.0, tolerance: float = 1e-10
) -> Tensor:
    """Return the solution ``[B, N]`` of ``(A + damping I) z = target`` in every copy, for ``A`` positive definite.

    Args:
        product: what ``A`` makes of ``[B, N]``.
        target: ``[B, N]``.
        iterations: at most; ``N`` are enough without rounding.
        damping: added to the diagonal, for systems that are nearly singular.
        tolerance: norm of the residual at which a copy is done, relative to its target.

    Source: Hestenes and Stiefel 1952.
    """
    found, residual = torch.zeros_like(target), target
    direction, size = residual, residual.square().sum(-1, keepdim=True)
    enough = tolerance**2 * size
    for _ in range(iterations):
        open_ = size > enough
        if not bool(open_.any()):
            break
        image = product(direction) + damping * direction
        curvature = (direction * image).sum(-1, keepdim=True)
        length = torch.where(open_, size / torch.where(open_, curvature, 1.0), 0.0)
        found, residual = found + length * direction, residual - length * image
        new_size = residual.square().sum(-1, keepdim=True)
        direction = residual + torch.where(open_, new_size / torch.where(open_, size, 1.0), 0.0) * direction
        size = new_size
    return found
