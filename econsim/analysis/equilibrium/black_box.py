"""Black-box search with a budget: rounds of evolution and coordinate search from successive starting points."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import torch
from torch import Tensor

from econsim import random
from econsim.planners.search.black_box import Value, climb, evolve

__all__ = ["best_point"]

LONGEST_EVOLUTION = 60  # generations per round
ROUNDS_SHARE = 0.8  # of the budget; the rest refines the best point of all rounds
COARSE_STEP, FINEST_STEP = 1e-2, 1e-3


def best_point(
    value: Value, starts: Tensor, budget: int, seed: int, watch: Callable[[int], object]
) -> tuple[Tensor, int]:
    """Return the best point, ``[D]``, and the number of points that were tried.

    Args:
        value: function from points ``[C, D]`` in the unit cube to values ``[C]``; higher is better.
        starts: ``[S, D]``, starting points of the first rounds; later rounds start at random points.
        budget: the largest number of points to try, at least one.
        seed: seed of the search.
        watch: called with the number of points tried so far.
    """
    counted = _Counted(value, budget, watch)
    best, best_value = starts[0], counted(starts[:1])[0]
    population = 4 * starts.shape[1] + 8
    for number in count():
        left = int(ROUNDS_SHARE * budget) - counted.tried
        if left <= 0:
            break
        start = starts[number] if number < len(starts) else _anywhere(starts, seed, number)
        point, reached = evolve(counted, start, min(LONGEST_EVOLUTION, left // population), seed + number)
        point, reached = climb(counted, point, reached, COARSE_STEP)
        if reached > best_value:
            best, best_value = point, reached
    best, _ = climb(counted, best, best_value, FINEST_STEP)
    return best, counted.tried


class _Counted:
    """A value function with a budget: points beyond it are not tried and have the value minus infinity."""

    def __init__(self, value: Value, budget: int, watch: Callable[[int], object]) -> None:
        self.value, self.budget, self.watch = value, budget, watch
        self.tried = 0

    def __call__(self, points: Tensor) -> Tensor:
        affordable = points[: self.budget - self.tried]
        values = points.new_full((len(points),), -torch.inf)
        if len(affordable):
            values[: len(affordable)] = self.value(affordable).to(values)
            self.tried += len(affordable)
            self.watch(self.tried)
        return values


def _anywhere(like: Tensor, seed: int, number: int) -> Tensor:
    key = random.keys(seed, 1, like.device)
    return random.uniform(key, number, "certificate/anywhere", (like.shape[1],), like.dtype)[0]
