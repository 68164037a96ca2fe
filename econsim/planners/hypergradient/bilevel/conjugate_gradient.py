"""Conjugate gradients for linear systems given by matrix-vector products, one system per environment copy."""

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
        product: returns the product of ``A`` with vectors ``[B, N]``.
        target: ``[B, N]``.
        iterations: maximum number of iterations; ``N`` are enough in exact arithmetic.
        damping: added to the diagonal, for systems that are nearly singular.
        tolerance: norm of the residual, relative to the target, below which a system counts as solved.

    Source: Hestenes and Stiefel 1952.
    """
    solution, residual = torch.zeros_like(target), target
    direction, size = residual, residual.square().sum(-1, keepdim=True)
    threshold = tolerance**2 * size
    for _ in range(iterations):
        unsolved = size > threshold
        if not bool(unsolved.any()):
            break
        image = product(direction) + damping * direction
        curvature = (direction * image).sum(-1, keepdim=True)
        length = torch.where(unsolved, size / torch.where(unsolved, curvature, 1.0), 0.0)
        solution, residual = solution + length * direction, residual - length * image
        new_size = residual.square().sum(-1, keepdim=True)
        direction = residual + torch.where(unsolved, new_size / torch.where(unsolved, size, 1.0), 0.0) * direction
        size = new_size
    return solution
