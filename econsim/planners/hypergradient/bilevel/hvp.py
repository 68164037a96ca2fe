"""Products of vectors with second derivatives, without forming the matrices."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from econsim.planners.hypergradient.bilevel import Objective

__all__ = ["Slopes", "slopes"]

Product = Callable[[Tensor], Tensor]


class Slopes:
    """The derivative of ``objective`` with respect to ``y`` at one point, which can be differentiated again."""

    def __init__(self, objective: Objective, x: Tensor, y: Tensor) -> None:
        self._x, self._y = x.detach().requires_grad_(), y.detach().requires_grad_()
        total = objective(self._x, self._y).sum()
        (self._slope,) = torch.autograd.grad(total, self._y, create_graph=True)

    @property
    def slope(self) -> Tensor:
        """The derivative ``[B, N]``."""
        return self._slope.detach()

    def along_y(self, direction: Tensor) -> Tensor:
        """Return the product ``[B, N]`` of the second derivative with respect to ``y`` and a direction ``[B, N]``."""
        return self._product(self._y, direction)

    def along_x(self, direction: Tensor) -> Tensor:
        """Return the product ``[B, D]`` of the transposed mixed derivative and a direction ``[B, N]``."""
        return self._product(self._x, direction)

    def _product(self, variable: Tensor, direction: Tensor) -> Tensor:
        if not self._slope.requires_grad:
            return torch.zeros_like(variable)
        (product,) = torch.autograd.grad(
            self._slope, variable, direction, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        return product


def slopes(objective: Objective, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the derivatives of ``objective`` with respect to ``x`` ``[B, D]`` and ``y`` ``[B, N]``."""
    at_x, at_y = x.detach().requires_grad_(), y.detach().requires_grad_()
    total = objective(at_x, at_y).sum()
    in_x, in_y = torch.autograd.grad(total, (at_x, at_y), allow_unused=True, materialize_grads=True)
    return in_x, in_y
