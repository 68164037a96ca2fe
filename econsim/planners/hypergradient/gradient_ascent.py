"""Gradient ascent from many starting points at once, in the unit cube."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

__all__ = ["Ascent", "Climb", "climb"]

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


@dataclass(frozen=True)
class Ascent:
    """The state of an ascent from ``S`` starting points after ``done`` iterations.

    points: ``[S, D]``, from which the next iteration starts.
    best: ``[S, D]``, the best points so far.
    best_value: ``[S]``, their values.
    average: ``[S, D]``, the moving average of the gradient.
    step: ``[S, 1]``, the step lengths.
    """

    done: int
    points: Tensor
    best: Tensor
    best_value: Tensor
    average: Tensor
    step: Tensor

    @classmethod
    def begin(cls, value: Callable[[Tensor], Tensor], starts: Tensor, first_step: float) -> Ascent:
        """Return the state at the starting points ``[S, D]``."""
        step = torch.full_like(starts[:, :1], first_step)
        return cls(0, starts, starts, value(starts), torch.zeros_like(starts), step)


def climb(
    gradient: Callable[[Tensor, int], Tensor],
    value: Callable[[Tensor], Tensor],
    ascent: Ascent,
    how: Climb,
    report: Callable[[Ascent], object],
) -> tuple[Tensor, Tensor]:
    """Return the best points ``[S, D]`` of the ascents from all starting points, and their values ``[S]``.

    All steps of an ascent have the same length and follow a moving average of the gradient. When the true value is
    evaluated and has not increased, the ascent returns to its best point and halves its step length. The function ends
    when all step lengths are below ``finest_step``.

    Args:
        gradient: returns the gradients at points ``[S, D]`` in an iteration; they may be noisy, or of a smoothed
            objective.
        value: returns the true values ``[S]`` of points.
        ascent: the state to continue from, at first :meth:`Ascent.begin`.
        how: step lengths and budget.
        report: called with the state after every iteration.
    """
    while ascent.done < how.iterations and not _has_ended(ascent, how):
        average = MEMORY * ascent.average + (1.0 - MEMORY) * gradient(ascent.points, ascent.done)
        points = (ascent.points + ascent.step * _unit(average)).clamp(0.0, 1.0)
        ascent = replace(ascent, done=ascent.done + 1, points=points, average=average)
        if ascent.done % how.look_every == 0:
            ascent = _judged(ascent, value(points))
        report(ascent)
    return ascent.best, ascent.best_value


def _has_ended(ascent: Ascent, how: Climb) -> bool:
    is_after_a_look = ascent.done > 0 and ascent.done % how.look_every == 0
    return is_after_a_look and bool((ascent.step < how.finest_step).all())


def _judged(ascent: Ascent, values: Tensor) -> Ascent:
    """Return the state after an evaluation of its points: at its best points, with shorter steps if none is better."""
    better = values > ascent.best_value + WORTHWHILE * ascent.best_value.abs()
    best = torch.where(better[:, None], ascent.points, ascent.best)
    return replace(
        ascent,
        points=best,
        best=best,
        best_value=torch.where(better, values, ascent.best_value),
        average=torch.where(better[:, None], ascent.average, 0.0),
        step=torch.where(better[:, None], ascent.step, SHRINK * ascent.step),
    )


def _unit(direction: Tensor) -> Tensor:
    length = direction.norm(dim=-1, keepdim=True)
    return direction / torch.where(length > 0, length, 1.0)
