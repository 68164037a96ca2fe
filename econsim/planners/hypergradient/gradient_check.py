"""Comparison of a gradient with central finite differences of the same objective."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.errors import RunError
from econsim.learning import Recorder
from econsim.planners.hypergradient.bilevel.follower_models import FollowerModel

__all__ = ["COUPLED", "check"]

DIFFERENCE = 1e-6
# Differences with step 1e-6 in float64 are accurate to about 1e-8; a much larger error means a wrong derivative.
TOLERANCE = 1e-4
COUPLED = 1e-6


def check(following: FollowerModel, points: Tensor, recorder: Recorder) -> None:
    """Compare the gradient with central finite differences at ``points`` ``[C, D]`` and log the relative error.

    The error is the median over points, because a follower may be close to a jump at some of them.

    Raises:
        RunError: the error exceeds the tolerance.
    """
    anchor, gradient = following.anchor(points, 0), following.gradient(points, 0)
    moves = DIFFERENCE * torch.eye(points.shape[-1], dtype=points.dtype, device=points.device)
    with torch.enable_grad():
        differences = [
            (following.objective(points + move, anchor) - following.objective(points - move, anchor)).detach()
            for move in moves
        ]
    exact = torch.stack(differences, -1) / (2.0 * DIFFERENCE)
    size = exact.norm(dim=-1).clamp(min=COUPLED)
    error = float(((gradient - exact).norm(dim=-1) / size).median())
    recorder.log("hypergradient/check_error", error, step=0)
    if not error <= TOLERANCE:
        raise RunError(
            f"planner: hypergradient: the gradient and finite differences have a relative difference of {error:.1e}"
            f" (allowed are {TOLERANCE:g}), so the responses of followers violate the assumptions of this method. Use"
            " planner.method=entropy_regularised, or planner=search, which needs no gradient"
        )
