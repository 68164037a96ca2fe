"""Coordinate search and evolution strategies in the unit cube, with candidates evaluated in batches."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["Value", "climb", "evolve"]

FIRST_STEP = 0.1
WIDE = 0.25
SHRINK = 3.0
Value = Callable[[Tensor], Tensor]
"""Function that returns the values ``[C]`` of points ``[C, D]``, to be maximised."""


def climb(value: Value, start: Tensor, start_value: Tensor, finest_step: float) -> tuple[Tensor, Tensor]:
    """Run a coordinate search from ``start`` ``[D]`` with decreasing steps; return the best point and its value.

    All points of a line are evaluated at once. The search ends when no step of size ``finest_step`` improves the value.
    """
    point, best = start, start_value
    step = FIRST_STEP
    while True:
        improved = False
        for axis in range(point.shape[0]):
            candidates = _line(point, axis, step)
            values = value(candidates)
            if values.max() > best:
                best, point, improved = values.max(), candidates[values.argmax()], True
        if not improved and step <= finest_step:
            return point, best
        if not improved:
            step = max(step / SHRINK, finest_step)


def _line(point: Tensor, axis: int, step: float) -> Tensor:
    """Return the points that differ from ``point`` by multiples of ``step`` along one axis, within the unit cube."""
    offsets = torch.arange(-5, 6, dtype=point.dtype, device=point.device) * step
    line = point.repeat(offsets.shape[0], 1)
    line[:, axis] = (point[axis] + offsets).clamp(0.0, 1.0)
    return line


def evolve(
    value: Value,
    start: Tensor,
    generations: int,
    seed: int,
    first_step: float = WIDE,
    report: Callable[[], object] = lambda: None,
) -> tuple[Tensor, Tensor]:
    """Run CMA-ES from ``start`` ``[D]`` in the unit cube; return the best point evaluated and its value.

    ``report`` is called after every generation.
    """
    import numpy as np
    from cmaes._cma import CMA

    size = start.shape[0]
    bounds = np.tile([0.0, 1.0], (size, 1))
    mean, population = start.cpu().numpy(), 4 * size + 8
    strategy = CMA(mean=mean, sigma=first_step, bounds=bounds, seed=seed % 2**32, population_size=population)
    best, best_value = start, value(start[None])[0]
    for _ in range(generations):
        points = np.stack([strategy.ask() for _ in range(strategy.population_size)])
        candidates = torch.as_tensor(points).to(start)
        values = value(candidates)
        if values.max() > best_value:
            best, best_value = candidates[values.argmax()], values.max()
        strategy.tell([(point, -float(score)) for point, score in zip(points, values.tolist(), strict=True)])
        report()
        if strategy.should_stop():
            break
    return best, best_value
