"""Figure of a Schelling diagram: payoffs of a cooperator and of a defector, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from econsim.analysis.canvas import in_money, label_ends, new_figure, stroke, styles_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from econsim.analysis.schelling import SchellingDiagram

__all__ = ["schelling_plot"]


def schelling_plot(diagram: SchellingDiagram, unit: str = "") -> Figure:
    """Draw the payoff of a cooperator and of a defector by the number of other cooperators; bars are 95 % intervals.

    Args:
        diagram: the diagram.
        unit: the unit of payoffs.
    """
    figure, (axes,) = new_figure()
    curves = {"defector": diagram.defector, "cooperator": diagram.cooperator}
    styles, ends = styles_of(curves), {}
    for label, curve in curves.items():
        means = [point.mean for point in curve]
        below = [0.0 if point.low is None else point.mean - point.low for point in curve]
        above = [0.0 if point.high is None else point.high - point.mean for point in curve]
        line = {**stroke(styles[label]), "marker": "o", "markersize": 4, "elinewidth": 1, "capsize": 2}
        axes.errorbar(range(len(curve)), means, yerr=(below, above) if any(above) else None, **line)
        ends[label] = means[-1]
    axes.set_xticks(range(0, diagram.players, max(1, diagram.players // 10)))
    axes.set(xlabel="number of other players who cooperate", ylabel=in_money("payoff per episode", unit))
    label_ends(axes, ends, styles)
    return figure
