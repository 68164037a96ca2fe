"""Vertices of the polytopes of a bimatrix game, by the double description method.

The polytope is ``{x >= 0, M x <= 1}`` with all entries of ``M`` positive. Its inequalities are the *labels*:
``x_i >= 0`` is label ``i``, and row ``j`` of ``M`` is label ``d + j``. A vertex has the labels of the inequalities that
it meets with equality: at least ``d`` of them, and more only where the polytope is not simple.

Inequalities are added one at a time. Each cuts off the vertices that violate it and adds one vertex on every edge
between a vertex that is cut off and one that is not. Two vertices form an edge where no third one has all labels that
the two share, so that degenerate games need no special case.

Source: Motzkin, Raiffa, Thompson and Thrall (1953), *The double description method*; Fukuda and Prodon (1996).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-9
"""Of an inequality that holds with equality; entries of ``M`` are of order one."""
_MOST_COMPARISONS = 1 << 24  # of pairs and vertices at once, which bounds memory

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


def vertices(rows: Floats, check: Callable[[int], None]) -> tuple[Floats, Labels]:
    """Return the vertices ``[V, d]`` of ``{x >= 0, rows x <= 1}``, and which labels each has, ``[V, d + J]``.

    Args:
        rows: ``[J, d]``, positive, of order one.
        check: called with the number of vertices after each inequality; it may raise an error to stop.
    """
    count, size = rows.shape
    points = np.vstack([np.zeros(size), np.diag(1.0 / rows[0])])
    labels = np.zeros((size + 1, size + count), dtype=np.bool_)
    labels[:, :size] = points == 0.0
    labels[1:, size] = True
    for number in range(1, count):
        points, labels = _cut(points, labels, 1.0 - points @ rows[number], size + number)
        check(len(points))
    return points, labels


def _cut(points: Floats, labels: Labels, slack: Floats, label: int) -> tuple[Floats, Labels]:
    """Return the vertices that remain, with ``slack`` at least zero, and the new ones on the edges that are cut."""
    inside, outside = slack > TOLERANCE, slack < -TOLERANCE
    kept, gone = np.flatnonzero(inside), np.flatnonzero(outside)
    first, second = _edges(labels, kept, gone, points.shape[1])
    share = (slack[first] / (slack[first] - slack[second]))[:, None]
    added = points[first] + share * (points[second] - points[first])
    added_labels = labels[first] & labels[second]
    added[added_labels[:, : points.shape[1]]] = 0.0
    added_labels[:, label] = True
    labels[~inside, label] = True
    return np.vstack([points[~outside], added]), np.vstack([labels[~outside], added_labels])


def _edges(labels: Labels, kept: NDArray[np.intp], gone: NDArray[np.intp], size: int) -> tuple[NDArray[np.intp], ...]:
    """Return the ends of all edges from a vertex in ``kept`` to one in ``gone``."""
    counted = labels.astype(np.float32)  # products of 0 and 1 count shared labels
    enough = counted[kept] @ counted[gone].T > size - 1.5
    first, second = (ends[chosen] for ends, chosen in zip((kept, gone), np.nonzero(enough), strict=True))
    if (labels.sum(1) <= size).all():  # a simple polytope, in which no third vertex shares as many labels
        return first, second
    common = counted[first] * counted[second]
    needed = common.sum(1)
    chunk = max(1, _MOST_COMPARISONS // len(labels))
    holders = np.concatenate(
        [
            (common[at : at + chunk] @ counted.T > needed[at : at + chunk, None] - 0.5).sum(1)
            for at in range(0, len(first), chunk)
        ]
        or [np.zeros(0, dtype=np.intp)]
    )
    return first[holders == 2], second[holders == 2]
