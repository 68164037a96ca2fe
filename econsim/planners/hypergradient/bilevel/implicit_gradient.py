"""The leader's total derivative where followers stand at an optimum, by the implicit function theorem.

At an interior optimum ``d lower / dy = 0`` holds before and after a small move of the leader, so that
``dy/dx = -(d2 lower/dy2)^-1 d2 lower/dydx``. A follower at a bound, or bunching at a kink of its budget, has a slope
that is not zero on either side: a small move leaves it where it is, and it does not respond. Whoever is indifferent
between two far apart answers may jump; a derivative knows nothing of jumps.
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
    """Return the derivative ``[B, D]`` of ``upper(x, y(x))``, ``y(x)`` being the best answers to ``x``.

    Args:
        upper: what the leader wants more of.
        lower: what followers want more of; strictly concave in ``y`` where they respond.
        x: ``[B, D]``.
        y: the answers to ``x``, ``[B, N]``, in units in which one is a big step.
        damping: added to the curvature of ``lower``, where it is nearly flat.
        iterations: of the conjugate gradients at most.
    """
    slope = Slopes(lower, x, y)
    responds = _settled(slope)
    in_x, in_y = slopes(upper, x, y)

    def curvature(direction: Tensor) -> Tensor:
        return torch.where(responds, -slope.along_y(torch.where(responds, direction, 0.0)), direction)

    weight = conjugate_gradient(curvature, torch.where(responds, in_y, 0.0), iterations, damping)
    return in_x + slope.along_x(weight)


def _settled(slope: Slopes) -> Tensor:
    """Return who stands at an interior optimum, ``[B, N]``: no slope, but curvature, next to that of the others."""
    # An uneven probe, so that rows of a coupled system do not add up to zero by accident.
    probe = torch.linspace(1.0, 2.0, slope.slope.shape[-1]).to(slope.slope)
    curvature = slope.along_y(probe.expand_as(slope.slope)).abs()
    scale = curvature.amax(-1, keepdim=True)
    return (slope.slope.abs() <= SETTLED * scale) & (curvature > FLAT * scale)
