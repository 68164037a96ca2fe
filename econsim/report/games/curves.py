"""Numbers of a solution by the value of a parameter: one panel each, with the value now and the best one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from econsim.analysis.canvas import INK, SERIES, new_figure, write_title
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from econsim.learning import Curve

__all__ = ["curves_block", "draw_curves"]


def curves_block(curves: Sequence[Curve]) -> Block | None:
    """Return the block of all curves; ``None`` where there are none."""
    if not curves:
        return None
    parameter = curves[0].parameter
    title = f"Curves by {parameter}"
    caption = f"Points are the values of the {parameter} that were solved."
    for curve in curves:
        if curve.best is not None:
            caption += f" The dashed line marks the highest {curve.name}, at {100 * curve.best:.3g} %."
    if curves[0].now is not None:
        caption += f" The dotted line is the {parameter} in force, {100 * curves[0].now:.3g} %."
    names = ", ".join(curve.name for curve in curves)
    alternative = f"{title}: {names}. {caption}"
    return Block(title, figure=Captioned("curves", title, draw_curves(curves), caption, alternative))


def draw_curves(curves: Sequence[Curve]) -> Figure:
    """Return a figure with one panel for each curve, on a common axis of the parameter."""
    figure, panels = new_figure(len(curves), height=2.6)
    for axes, curve in zip(panels, curves, strict=True):
        at = [100 * value for value in curve.at]
        axes.plot(at, curve.values, color=SERIES[0], linewidth=1.8, marker="o", markersize=3)
        _mark(axes, curve.now, (0, (1, 2)))
        _mark(axes, curve.best, (0, (6, 2)))
        axes.set_xlabel(f"{curve.parameter}, %")
        axes.set_ylim(bottom=min(0.0, *curve.values))
        axes.locator_params(axis="x", nbins=5)
        write_title(axes, f"{curve.name}, {curve.unit}" if curve.unit else curve.name)
    return figure


def _mark(axes: Axes, at: float | None, dashes: tuple[int, tuple[int, int]]) -> None:
    if at is not None:
        axes.axvline(100 * at, color=INK, linestyle=dashes, linewidth=1)
