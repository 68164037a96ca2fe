"""Gradient ascent from many starts at once, within the unit cube."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Climb", "climb"]

MEMORY = 0.9
SHRINK = 0.5
WORTHWHILE = 1e-7


@dataclass(frozen=True)
class Climb:
    """How to climb: the first and the last step, the most steps of each start, and steps between two looks."""

    first_step: float
    finest_step: float
    iterations: int
    look_every: int


def climb(
    gradient: Callable[[Tensor, int], Tensor],
    value: Callable[[Tensor], Tensor],
    starts: Tensor,
    how: Climb,
    report: Callable[[int, Tensor], object],
) -> tuple[Tensor, Tensor]:
    """Return the best points met ``[S, D]`` and their values ``[S]``.

    Every start takes steps of one length along its averaged gradient. At each look at its true value, one that has not
    risen goes back to its best point and halves its step; when all steps are at the finest, the climb is over.

    Args:
        gradient: of points ``[S, D]`` in the given iteration; it may be noisy, or of a smoothed aim.
        value: the true values ``[S]`` of points.
        starts: ``[S, D]``.
        how: steps and budget.
        report: told the iteration and the best values at each look.
    """
    points, best, best_value = starts, starts, value(starts)
    pace = torch.zeros_like(starts)
    step = torch.full_like(starts[:, :1], how.first_step)
    for iteration in range(how.iterations):
        pace = MEMORY * pace + (1.0 - MEMORY) * gradient(points, iteration)
        points = (points + step * _unit(pace)).clamp(0.0, 1.0)
        if (iteration + 1) % how.look_every:
            continue
        values = value(points)
        better = values > best_value + WORTHWHILE * best_value.abs()
        best, best_value = torch.where(better[:, None], points, best), torch.where(better, values, best_value)
        points, pace = best, torch.where(better[:, None], pace, 0.0)
        step = torch.where(better[:, None], step, SHRINK * step)
        report(iteration, best_value)
        if bool((step < how.finest_step).all()):
            break
    return best, best_value


def _unit(pace: Tensor) -> Tensor:
    length = pace.norm(dim=-1, keepdim=True)
    return pace / torch.where(length > 0, length, 1.0)
