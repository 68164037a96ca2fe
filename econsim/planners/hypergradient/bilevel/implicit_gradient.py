"""The leader's total derivative when followers are at an optimum, by the implicit function theorem.

At an interior optimum, ``d lower / dy = 0`` holds before and after a small change of the leader's action, so that
``dy/dx = -(d2 lower/dy2)^-1 d2 lower/dydx``. At a bound, or at a kink of the budget constraint, the slope is not zero
on either side: after a small change, the optimum is the same, and the follower does not respond. A follower who is
indifferent between two distant actions may jump between them; derivatives do not capture jumps.
"""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.planners.hypergradient.bilevel import Objective
from econsim.planners.hypergradient.bilevel.conjugate_gradient import conjugate_gradient
from econsim.planners.hypergradient.bilevel.hvp import Slopes, slopes

__all__ = ["implicit_gradient"]

SETTLED = 1e-6
FLAT = 1e-9


def implicit_gradient(
    upper: Objective, lower: Objective, x: Tensor, y: Tensor, damping: float = 0.0, iterations: int = 50
) -> Tensor:
    """Return the derivative ``[B, D]`` of ``upper(x, y(x))``, where ``y(x)`` are the best responses to ``x``.

    Args:
        upper: the leader's objective.
        lower: the followers' objective, strictly concave in ``y`` where followers respond.
        x: the leader's action, ``[B, D]``.
        y: the best responses to ``x``, ``[B, N]``, in units of the order of their range.
        damping: added to the curvature of ``lower``, for nearly flat objectives.
        iterations: maximum number of conjugate-gradient iterations.
    """
    slope = Slopes(lower, x, y)
    responds = _settled(slope)
    in_x, in_y = slopes(upper, x, y)

    def curvature(direction: Tensor) -> Tensor:
        return torch.where(responds, -slope.along_y(torch.where(responds, direction, 0.0)), direction)

    weight = conjugate_gradient(curvature, torch.where(responds, in_y, 0.0), iterations, damping)
    return in_x + slope.along_x(weight)


def _settled(slope: Slopes) -> Tensor:
    """Return who is at an interior optimum, ``[B, N]``: zero slope and non-zero curvature, relative to the largest."""
    # The probe has unequal entries, so that the rows of a coupled system do not add up to zero by coincidence.
    probe = torch.linspace(1.0, 2.0, slope.slope.shape[-1]).to(slope.slope)
    curvature = slope.along_y(probe.expand_as(slope.slope)).abs()
    scale = curvature.amax(-1, keepdim=True)
    return (slope.slope.abs() <= SETTLED * scale) & (curvature > FLAT * scale)
