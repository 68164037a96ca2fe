"""Cells of heat maps, in the colours of the plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.canvas import LINES, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh

__all__ = ["draw_cells"]


def draw_cells(axes: Axes, cells: np.ndarray[Any, np.dtype[np.float64]], low: float, high: float) -> QuadMesh:
    """Draw values ``[R, C]``, the first row at the bottom, in colours from ``low`` (light) to ``high`` (dark)."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("levels", [LINES, SERIES[0]])
    axes.grid(visible=False)
    return axes.pcolormesh(cells, cmap=colours, vmin=low, vmax=high, rasterized=True)
