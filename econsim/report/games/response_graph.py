"""The best-response graph as a figure: profiles of options, the moves between them, and where they end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.canvas import INK, SERIES, new_figure
from econsim.analysis.equilibrium.best_responses import BestResponseGraph, best_response_graph, graph_of_counts
from econsim.analysis.equilibrium.symmetric import by_count, is_symmetric
from econsim.report.crowding import OPTIONAL
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block
from econsim.report.games.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["graph_block"]

Floats = NDArray[np.float64]
Points = Mapping[int, tuple[float, float]]
MOST_OPTIONS, MOST_COUNTS, MOST_ON_CIRCLE = 8, 30, 16
_TITLE = "Best-response graph"
_MEANING = (
    "An arrow is a change of one player to a best response. Filled nodes are absorbing: equilibria in pure strategies,"
    " which no arrow leaves."
)
_CYCLE = " Nodes of the second colour form a cycle that no arrow leaves: best responses repeat it without end."


def graph_block(payoffs: Floats, players: Sequence[str], options: Sequence[Sequence[str]]) -> Block:
    """Return the block of the best-response graph; a graph too large for it is left out, which a note says.

    Args:
        payoffs: ``[P, A_1, ..., A_P]``.
        players: the name of each player.
        options: the names of each player's options.
    """
    shape = payoffs.shape[1:]
    if len(players) == 2 and max(shape) <= MOST_OPTIONS:
        graph = best_response_graph(payoffs)
        texts = [", ".join(map(number, paid)) for paid in payoffs.reshape(2, -1).T.tolist()]
        return _block(
            graph,
            _on_grid(graph, players, options, texts),
            "Rows and columns are the options of both players, and numbers their payoffs. ",
        )
    if len(players) > 2 and set(shape) == {2} and len(players) <= MOST_COUNTS and is_symmetric(payoffs):
        graph = graph_of_counts(by_count(payoffs))
        name = options[0][1]
        figure = _on_line(graph, f"players who choose {name}")
        return _block(graph, figure, f"The game is symmetric: a node is the number of players who choose {name}. ")
    if np.prod(shape) <= MOST_ON_CIRCLE:
        graph = best_response_graph(payoffs)
        labels = [", ".join(names) for names in product(*options)]
        return _block(graph, _on_circle(graph, labels), f"Nodes give the options of {', '.join(players)}. ")
    return Block(_TITLE, notes=(f"The graph has {int(np.prod(shape)):,} profiles, too many to be drawn.",))


def _block(graph: BestResponseGraph, figure: Figure, nodes: str) -> Block:
    caption = nodes + _MEANING + _CYCLE * bool(graph.cycles)
    count = len(graph.absorbing)
    alternative = f"Best-response graph with {graph.nodes} nodes, of which {count} {'is' if count == 1 else 'are'}"
    return Block(_TITLE, figure=Captioned("best_responses", _TITLE, figure, caption, f"{alternative} absorbing."))


def _on_grid(
    graph: BestResponseGraph, players: Sequence[str], options: Sequence[Sequence[str]], texts: Sequence[str]
) -> Figure:
    rows, columns = map(len, options)
    figure, (axes,) = new_figure(height=1.0 + 0.62 * rows)
    points = {row * columns + column: (float(column), float(row)) for row in range(rows) for column in range(columns)}
    _draw(axes, graph, points)
    for node, at in points.items():
        text = axes.annotate(texts[node], at, (8, 6), textcoords="offset points", fontsize=8, color=INK)
        text.set_label(OPTIONAL)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xticks(range(columns), list(options[1]))
    axes.set_yticks(range(rows), list(options[0]))
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), xlabel=players[1], ylabel=players[0])
    return figure


def _on_line(graph: BestResponseGraph, label: str) -> Figure:
    figure, (axes,) = new_figure(height=1.3)
    _draw(axes, graph, {count: (float(count), 0.0) for count in range(graph.nodes)})
    every = -(-graph.nodes // 16)
    axes.set_xticks(range(0, graph.nodes, every))
    axes.set(xlim=(-0.6, graph.nodes - 0.4), ylim=(-0.6, 0.6), yticks=[], xlabel=label)
    axes.spines[["left"]].set_visible(False)
    return figure


def _on_circle(graph: BestResponseGraph, labels: Sequence[str]) -> Figure:
    figure, (axes,) = new_figure(height=4.2)
    angles = [pi / 2 - 2 * pi * node / graph.nodes for node in range(graph.nodes)]
    points = {node: (cos(angle), sin(angle)) for node, angle in enumerate(angles)}
    _draw(axes, graph, points)
    for node, (x, y) in points.items():
        side = "center" if abs(x) < 0.2 else "left" if x > 0 else "right"
        axes.text(1.12 * x, 1.12 * y, labels[node], ha=side, va="center", fontsize=8, color=INK)
    axes.set(xlim=(-1.9, 1.9), ylim=(-1.3, 1.3))
    axes.set_axis_off()
    return figure


def _draw(axes: Axes, graph: BestResponseGraph, points: Points) -> None:
    from matplotlib.patches import FancyArrowPatch

    axes.grid(visible=False)
    both_ways = set(graph.moves)
    for start, end in graph.moves:
        (x, y), (to_x, to_y) = points[start], points[end]
        far = abs(to_x - x) > 1.5 or abs(to_y - y) > 1.5  # passes other nodes of a grid
        bend = 0.18 if far or (end, start) in both_ways else 0.0
        arrow = FancyArrowPatch(
            (x, y), (to_x, to_y), arrowstyle="-|>", mutation_scale=9, shrinkA=6, shrinkB=6, color=INK, linewidth=0.9,
            connectionstyle=f"arc3,rad={bend}",
        )  # fmt: skip
        axes.add_patch(arrow)
    in_cycle = {node for members in graph.cycles for node in members}
    for node, (x, y) in points.items():
        absorbing = node in graph.absorbing
        color = SERIES[0] if absorbing else SERIES[1] if node in in_cycle else INK
        axes.plot(x, y, marker="o", markersize=9, color=color, markerfacecolor=color if absorbing else "none")
