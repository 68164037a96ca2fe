"""Gradient ascent from many starting points at once, in the unit cube."""

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
    """Settings of the ascent: first and smallest step, maximum number of iterations, iterations between evaluations."""

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
    """Return the best points ``[S, D]`` of the ascents from all starting points, and their values ``[S]``.

    All steps of an ascent have the same length and follow a moving average of the gradient. When the true value is
    evaluated and has not increased, the ascent returns to its best point and halves its step length. The function ends
    when all step lengths are below ``finest_step``.

    Args:
        gradient: returns the gradients at points ``[S, D]`` in an iteration; they may be noisy, or of a smoothed
            objective.
        value: returns the true values ``[S]`` of points.
        starts: the starting points, ``[S, D]``.
        how: step lengths and budget.
        report: called with the iteration and the best values at each evaluation.
    """
    points, best, best_value = starts, starts, value(starts)
    average = torch.zeros_like(starts)
    step = torch.full_like(starts[:, :1], how.first_step)
    for iteration in range(how.iterations):
        average = MEMORY * average + (1.0 - MEMORY) * gradient(points, iteration)
        points = (points + step * _unit(average)).clamp(0.0, 1.0)
        if (iteration + 1) % how.look_every:
            continue
        values = value(points)
        better = values > best_value + WORTHWHILE * best_value.abs()
        best, best_value = torch.where(better[:, None], points, best), torch.where(better, values, best_value)
        points, average = best, torch.where(better[:, None], average, 0.0)
        step = torch.where(better[:, None], step, SHRINK * step)
        report(iteration, best_value)
        if bool((step < how.finest_step).all()):
            break
    return best, best_value


def _unit(direction: Tensor) -> Tensor:
    length = direction.norm(dim=-1, keepdim=True)
    return direction / torch.where(length > 0, length, 1.0)
