"""A second layout of figures for screens as narrow as a phone: their panels below each other, with legible text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["lay_out_narrowly"]

WIDTH = 3.7
"""Inches: at 350 pixels of a phone, text of 9 points is 12 pixels high."""
_COLUMNS_OF_IMAGES = 2
_GAP = 0.1
"""Inches above and below a panel."""


def lay_out_narrowly(figure: Figure) -> None:
    """Lay the panels of a figure out again, one below the other (images without axes: two), each as high as before.

    The figure itself is changed, so that nothing is drawn twice; write its wide version before.
    """
    panels = [axes for axes in figure.axes if axes.get_subplotspec() is not None]
    rows, columns = panels[0].get_subplotspec().get_gridspec().get_geometry()  # type: ignore[union-attr]
    height = figure.get_figheight() / rows
    if columns > 1:
        few = min(columns, 1 if any(axes.axison for axes in panels) else _COLUMNS_OF_IMAGES)
        _repeat_labels(panels, columns)
        rows = -(-len(panels) // few)
        grid = figure.add_gridspec(rows, few)
        for index, axes in enumerate(panels):
            axes.set_subplotspec(grid[index // few, index % few])
    figure.set_size_inches(WIDTH, rows * height)
    figure.set_layout_engine("constrained", h_pad=_GAP)


def _repeat_labels(panels: list[Axes], columns: int) -> None:
    """Write the labels of the first panel of a row at the others too, where they were left out beside it."""
    for index, axes in enumerate(panels):
        first = panels[index - index % columns]
        axes.tick_params(labelleft=True)
        if first.get_ylabel() and not axes.get_ylabel():
            axes.set_ylabel(first.get_ylabel(), color=first.yaxis.label.get_color(), fontsize=9.5)
        labels = [label.get_text() for label in first.get_yticklabels()]
        if any(labels) and not any(label.get_text() for label in axes.get_yticklabels()):
            axes.set_yticks(first.get_yticks(), labels)
