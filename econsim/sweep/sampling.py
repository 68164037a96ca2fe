"""Sampling of ranges: Latin hypercube samples, randomly shifted Sobol sequences and independent points.

Sources: McKay, Beckman and Conover 1979 (Latin hypercube); Sobol 1967, with the random shift of Cranley and Patterson
1976.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from econsim.errors import UserError, did_you_mean
from econsim.sweep.axes import Axis, Span

__all__ = ["Method", "sampled"]

Method = Literal["lhs", "sobol", "random"]


def sampled(spans: Sequence[Span], method: str, count: int, seed: int = 0) -> Axis:
    """Return one axis with ``count`` points drawn from the ranges.

    Raises:
        UserError: the method is unknown, there is no range, or ``count`` is below 1.
    """
    if method not in get_args(Method):
        raise UserError(f"--sample {method}: no such method{did_you_mean(method, get_args(Method))}")
    if not spans:
        raise UserError(
            f"--sample {method} {count}: no axis is a range; add one, such as key=uniform(0,1) or key=log(1e-4,1)"
        )
    if count < 1:
        raise UserError(f"--sample {method} {count}: expected at least one point")
    points = _points(method, count, len(spans), seed)
    levels = tuple(tuple(span.at(share) for span, share in zip(spans, point, strict=True)) for point in points)
    return Axis(tuple(span.key for span in spans), levels)


def _points(method: str, count: int, dimensions: int, seed: int) -> list[list[float]]:
    """Return points in the unit cube, ``[count, dimensions]``."""
    import torch

    from econsim import random

    key = random.fold(random.keys(seed, 1), f"sweep/{method}")
    if method == "sobol":
        shift = random.uniform(key, 0, "shift", (dimensions,), torch.float64)[0]
        engine = torch.quasirandom.SobolEngine(dimensions)  # type: ignore[no-untyped-call]
        drawn = engine.draw(count, dtype=torch.float64)
        return ((drawn + shift) % 1.0).tolist()
    within = random.uniform(key, 0, "place", (count, dimensions), torch.float64)[0]
    if method == "lhs":
        cells = [random.permutation(key, 0, f"cells/{index}", count)[0] for index in range(dimensions)]
        within = (torch.stack(cells, -1) + within) / count
    return within.tolist()
