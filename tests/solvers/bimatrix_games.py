"""Two-player games with known equilibria, as payoffs ``[2, R, C]``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STENGEL = [
    [9504, -660, 19976, -20526, 1776, -8976],
    [-111771, 31680, -130944, 168124, -8514, 52764],
    [397584, -113850, 451176, -586476, 29216, -178761],
    [171204, -45936, 208626, -263076, 14124, -84436],
    [1303104, -453420, 1227336, -1718376, 72336, -461736],
    [737154, -227040, 774576, -1039236, 48081, -300036],
]
_PAIRED = [4, 5, 2, 3, 0, 1]

STENGEL = np.array([_STENGEL, np.array(_STENGEL)[np.ix_(_PAIRED, _PAIRED)].T], dtype=np.float64)
"""Von Stengel's game of 6 by 6 with 75 equilibria, the most that are known for this size (von Stengel 1999)."""

DEGENERATE = np.array([[[3, 3], [2, 5], [0, 6]], [[3, 3], [2, 6], [3, 1]]], dtype=np.float64)
"""A degenerate game (von Stengel 2007, section 3.6): against its first option, the column player is indifferent."""


def gain(table: Floats, row: Floats, column: Floats) -> float:
    """Return the largest gain of a player from its best option."""
    own, other = table
    return float(max((own @ column).max() - row @ own @ column, (row @ other).max() - row @ other @ column))


def parameters(table: Floats) -> dict[str, Any]:
    """Return the payoffs of a normal-form game."""
    return {"row": table[0].tolist(), "column": table[1].tolist()}
