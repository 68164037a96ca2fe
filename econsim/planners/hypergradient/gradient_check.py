"""Comparison of a gradient with central finite differences of its own objective."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.errors import RunError
from econsim.learning import Recorder
from econsim.planners.hypergradient.bilevel.follower_models import FollowerModel

__all__ = ["COUPLED", "check"]

DIFFERENCE = 1e-6
# Differences of step 1e-6 in float64 are good to about 1e-8; what is worse by far is the derivative of something else.
TOLERANCE = 1e-4
COUPLED = 1e-6


def check(following: FollowerModel, points: Tensor, recorder: Recorder) -> None:
    """Compare the gradient with central finite differences at ``points`` ``[C, D]`` and log the relative error.

    The error is the median over points: at any one, somebody may be about to jump.

    Raises:
        RunError: the gradient is that of something else.
    """
    anchor, found = following.anchor(points, 0), following.gradient(points, 0)
    moves = DIFFERENCE * torch.eye(points.shape[-1], dtype=points.dtype, device=points.device)
    with torch.enable_grad():
        slopes_ = [
            (following.objective(points + move, anchor) - following.objective(points - move, anchor)).detach()
            for move in moves
        ]
    exact = torch.stack(slopes_, -1) / (2.0 * DIFFERENCE)
    size = exact.norm(dim=-1).clamp(min=COUPLED)
    error = float(((found - exact).norm(dim=-1) / size).median())
    recorder.log("hypergradient/check_error", error, step=0)
    if not error <= TOLERANCE:
        raise RunError(
            f"planner: hypergradient: the gradient differs from finite differences by {error:.1e} (at most"
            f" {TOLERANCE:g}): followers do not answer as this method takes them to. Say method: entropy_regularised,"
            " or planner=search, which needs no gradient"
        )
