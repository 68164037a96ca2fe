"""Figure of a Schelling diagram: payoffs of a cooperator and of a defector, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from econsim.analysis.canvas import in_money, label_ends, new_figure, plain_numbers, stroke, styles_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from econsim.analysis.schelling import SchellingDiagram

__all__ = ["schelling_plot"]

_MEAN = "mean of all players"


def schelling_plot(
    diagram: SchellingDiagram, unit: str = "", names: tuple[str, str] = ("cooperator", "defector"), others: str = ""
) -> Figure:
    """Draw the payoff of a cooperator and of a defector by the number of other cooperators; bars are 95 % intervals.

    The mean payoff of all ``N`` players where ``c`` of them cooperate is drawn at ``c (N - 1) / N``, so that all lines
    range from nobody to everybody.

    Args:
        diagram: the diagram.
        unit: the unit of payoffs.
        names: of cooperator and defector.
        others: the label of the axis of numbers of cooperators.
    """
    figure, (axes,) = new_figure()
    curves = {names[1]: diagram.defector, names[0]: diagram.cooperator}
    styles, ends = styles_of([names[1], _MEAN, names[0]]), {}
    for label, curve in curves.items():
        means = [point.mean for point in curve]
        below = [0.0 if point.low is None else point.mean - point.low for point in curve]
        above = [0.0 if point.high is None else point.high - point.mean for point in curve]
        line = {**stroke(styles[label]), "marker": "o", "markersize": 4, "elinewidth": 1, "capsize": 2}
        axes.errorbar(range(len(curve)), means, yerr=(below, above) if any(above) else None, **line)
        ends[label] = means[-1]
    mean = [point.mean for point in diagram.average]
    axes.plot(
        [count * (diagram.players - 1) / diagram.players for count in range(len(mean))], mean, **stroke(styles[_MEAN])
    )
    ends[_MEAN] = mean[-1]
    axes.set_xticks(range(0, diagram.players, -(-diagram.players // 12)))
    axes.set(xlabel=others or "number of other players who cooperate", ylabel=in_money("payoff per episode", unit))
    plain_numbers(axes, "y")
    label_ends(axes, ends, styles)
    return figure
