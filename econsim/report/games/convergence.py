"""Convergence of the gap: the distance from equilibrium over the iterations of a solver or of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from econsim.analysis.canvas import label_ends, new_figure, stroke, styles_of
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["convergence_block"]

Path = Sequence[tuple[int, float]]
_TITLE = "Convergence of the gap"
_SMALLEST = 1e-16  # gaps at zero, on a logarithmic axis
_FEWEST = 2


def convergence_block(paths: Mapping[str, Path], caption: str) -> Block | None:
    """Return the block of gaps by iteration, one line each; ``None`` where no line has two points.

    Args:
        paths: by label, the iterations and gaps in payoffs; the one under study last.
        caption: what the lines are.
    """
    drawn = {label: path for label, path in paths.items() if len(path) >= _FEWEST}
    if not drawn:
        return None
    figure = _draw(drawn)
    return Block(_TITLE, figure=Captioned("gap", _TITLE, figure, caption, f"The gap by iteration. {caption}"))


def _draw(paths: Mapping[str, Path]) -> Figure:
    figure, (axes,) = new_figure(height=3.2)
    styles, ends = styles_of(paths), {}
    for label, path in paths.items():
        iterations, gaps = zip(*path, strict=True)
        axes.plot(iterations, [max(gap, _SMALLEST) for gap in gaps], **stroke(styles[label]))
        ends[label] = max(gaps[-1], _SMALLEST)
    positive = [gap for path in paths.values() for _, gap in path if gap > 0]
    if positive and max(positive) > 20 * min(positive):
        axes.set_yscale("log")
        axes.set_ylim(bottom=min(positive) / 2)
    if max(iteration for path in paths.values() for iteration, _ in path) > 300:
        axes.set_xscale("symlog", linthresh=10)
        axes.set_xlim(left=0)  # its margin would reach below, to a tick at -10
    axes.set(xlabel="iteration", ylabel="gap, in payoffs")
    if len(paths) > 1:
        label_ends(axes, ends, styles)
    return figure
