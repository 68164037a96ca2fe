"""Ideal points: the schedule that is best for each person, by separate searches evaluated in common batches."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from econsim import random
from econsim.planners._ledger import Ledger

FIRST_STEP = 0.1
SHRINK = 3.0
REACH = 5
FLAT = 21
DRAWN = 64
BEFORE_PLATFORMS = (1, 3)  # steps of a fit done while ideal points are computed, and their number
# A smaller gain, as a share of utility, is attributed to rounding.
_NOTHING = 1e-12

OwnValue = Callable[[Tensor, Tensor], Tensor]
"""Function that returns the utilities ``[S]`` of people ``[S]`` at points ``[S, D]``, each at one point."""


def ideals(
    value: Callable[[Tensor], Tensor],
    people: Tensor,
    size: int,
    starts: int,
    finest_step: float,
    seed: int,
    ledger: Ledger,
    lowest: float = 0.0,
) -> Tensor:
    """Return the point with the highest utility for each person, ``[C, D]``, by coordinate search in [lowest, 1].

    Args:
        value: returns the utilities ``[S, N]`` of all people at points ``[S, D]``.
        people: indices of the people whose ideal points are computed, ``[C]`` int64.
        size: the dimension ``D``.
        starts: number of starting points per person, the best ones of a pool of constant and random points.
        finest_step: the smallest step.
        seed: seed of the random points.
        ledger: the ledger of the fit, from which an interrupted search continues.
        lowest: lower limit of all coordinates.
    """
    pool = _pool(size, seed, lowest, people.device)
    in_pool = ledger.evaluated(pool, lambda: value(pool)[:, people])
    best = in_pool.topk(min(starts, len(pool)), 0).indices.T
    owners = people.repeat_interleave(best.shape[1])
    own_value = _own(value, ledger)
    points = _climb(own_value, pool[best].flatten(0, 1), owners, finest_step, lowest)
    utility = own_value(points, owners).reshape(best.shape)
    return points.reshape(*best.shape, size)[torch.arange(len(people), device=people.device), utility.argmax(-1)]


def _pool(size: int, seed: int, lowest: float, device: torch.device) -> Tensor:
    flat = torch.linspace(lowest, 1.0, FLAT, dtype=torch.float64, device=device)[:, None].expand(-1, size)
    if size == 1:
        return flat
    drawn = random.uniform(random.keys(seed, 1, device), 0, "ideals/pool", (DRAWN * size, size), torch.float64)[0]
    return torch.cat([flat, lowest + (1.0 - lowest) * drawn])


def _climb(own_value: OwnValue, points: Tensor, people: Tensor, finest_step: float, lowest: float) -> Tensor:
    """Move every point along one axis after another, with decreasing steps, until its owner gains no more."""
    step, best = FIRST_STEP, own_value(points, people)
    points, climbing = points.clone(), torch.arange(len(points), device=points.device)
    while True:
        gained = torch.zeros_like(climbing, dtype=torch.bool)
        for axis in range(points.shape[1]):
            moved, utility = _along(own_value, points[climbing], people[climbing], axis, step, lowest)
            better = utility > best[climbing] + _NOTHING * best[climbing].abs()
            points[climbing[better]], best[climbing[better]] = moved[better], utility[better]
            gained |= better
        climbing = climbing[gained]
        if len(climbing) == 0 and step <= finest_step:
            return points
        if len(climbing) == 0:
            step, climbing = max(step / SHRINK, finest_step), torch.arange(len(points), device=points.device)


def _along(
    own_value: OwnValue, points: Tensor, people: Tensor, axis: int, step: float, lowest: float
) -> tuple[Tensor, Tensor]:
    """Return the best points on lines along one axis, and the utility of their owners."""
    offsets = torch.arange(-REACH, REACH + 1, dtype=points.dtype, device=points.device) * step
    lines = points[:, None].repeat(1, len(offsets), 1)
    lines[..., axis] = (lines[..., axis] + offsets).clamp(lowest, 1.0)
    utility = own_value(lines.flatten(0, 1), people.repeat_interleave(len(offsets))).reshape(len(points), -1)
    highest, index = utility.max(-1)
    return lines[torch.arange(len(points), device=points.device), index], highest


def _own(value: Callable[[Tensor], Tensor], ledger: Ledger) -> OwnValue:
    """Return a function that returns the utility ``[S]`` of the owner of each point, from the ledger where it is known.

    The function shows that the fit is at work after every evaluation, as the number of evaluations is not known before.
    """

    def own_value(points: Tensor, people: Tensor) -> Tensor:
        utility = ledger.evaluated(points, lambda: value(points).gather(1, people[:, None])[:, 0])
        ledger.progress(*BEFORE_PLATFORMS, "platforms")
        return utility

    return own_value
