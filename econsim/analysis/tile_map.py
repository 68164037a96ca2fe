"""Tile maps of the United States: one square of equal size for each state, in colours of a value, by policy.

Small states are as legible as large ones, which a geographic map would not give. The layout is that of National Public
Radio (2015).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from econsim.analysis.canvas import LINES, SERIES, new_figure, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["TILES", "is_of_states", "tile_maps"]

_ROWS = (
    "AK .. .. .. .. .. .. .. .. .. .. ME",
    ".. .. .. .. .. .. .. .. .. .. VT NH",
    ".. WA ID MT ND MN IL WI MI NY RI MA",
    ".. OR NV WY SD IA IN OH PA NJ CT ..",
    ".. CA UT CO NE MO KY WV VA MD DE ..",
    ".. .. AZ NM KS AR TN NC SC DC .. ..",
    ".. .. .. .. OK LA MS AL GA .. .. ..",
    "HI .. .. .. TX .. .. .. .. FL .. ..",
)
TILES: Mapping[str, tuple[int, int]] = {
    code: (row, column)
    for row, codes in enumerate(_ROWS)
    for column, code in enumerate(codes.split())
    if code.isalpha()
}
"""Row and column of the 50 states and the District of Columbia, by code."""
_ON_LIGHT, _ON_DARK = "#101820", "#ffffff"
_MOST_COLUMNS = 2
_HEIGHT = 2.9  # inches of a row of maps


def is_of_states(names: Iterable[str]) -> bool:
    """Return whether all names are codes of US states, so that :func:`tile_maps` can draw them."""
    return set(names) <= set(TILES)


def tile_maps(values: Mapping[str, Mapping[str, float]], title: str, written: Callable[[float], str]) -> Figure:
    """Draw one map for each policy, all with the same colours from the lowest to the highest value.

    Args:
        values: by policy, the value of each state by its code; states without a value are left out.
        title: what the values are, with their unit.
        written: the text of a value.
    """
    numbers = np.array([value for states in values.values() for value in states.values()])
    low, high = float(numbers.min()), float(numbers.max())
    columns = min(_MOST_COLUMNS, len(values))
    figure, panels = new_figure(columns * -(-len(values) // columns), -(-len(values) // columns), _HEIGHT)
    for axes in panels[len(values) :]:
        axes.remove()
    for axes, (label, states) in zip(panels, values.items(), strict=False):
        _draw(axes, states, low, high, written)
        write_title(axes, label)
    _colour_bar(figure, panels[: len(values)], low, high, title, written)
    return figure


def _draw(axes: Axes, states: Mapping[str, float], low: float, high: float, written: Callable[[float], str]) -> None:
    from matplotlib.patches import Rectangle

    axes.set_axis_off()
    axes.set(xlim=(-0.5, len(_ROWS[0].split()) - 0.5), ylim=(len(_ROWS) - 0.5, -0.5), aspect="equal")
    colours = _colours()
    for code, value in states.items():
        row, column = TILES[code]
        share = (value - low) / (high - low) if high > low else 0.0
        axes.add_patch(Rectangle((column - 0.47, row - 0.47), 0.94, 0.94, facecolor=colours(share), edgecolor="none"))
        ink = _ON_DARK if share > 0.55 else _ON_LIGHT
        axes.text(column, row - 0.16, code, ha="center", va="center", fontsize=6.5, color=ink, fontweight="bold")
        axes.text(column, row + 0.23, written(value), ha="center", va="center", fontsize=4.5, color=ink)


def _colours() -> Callable[[float], tuple[float, float, float, float]]:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("levels", [LINES, SERIES[0]])


def _colour_bar(
    figure: Figure, panels: list[Axes], low: float, high: float, title: str, written: Callable[[float], str]
) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.ticker import FuncFormatter

    from econsim.analysis.canvas import INK

    scale = ScalarMappable(Normalize(low, high), LinearSegmentedColormap.from_list("levels", [LINES, SERIES[0]]))
    bar = figure.colorbar(scale, ax=panels, orientation="horizontal", fraction=0.04, aspect=50, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label(title, color=INK, fontsize=9.5)
    bar.ax.tick_params(color=LINES, labelcolor=INK, labelsize=9)
    bar.ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: written(value)))
