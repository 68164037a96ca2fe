"""Drawings of networks of up to some thousands of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from econsim.analysis.canvas import INK, LEGEND, LINES, SERIES, new_figure
from econsim.analysis.networks.layout import positions
from econsim.analysis.networks.structure import adjacency
from econsim.errors import UserError
from econsim.networks import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MOST_DRAWN", "network_drawing"]

Array = Any
MOST_DRAWN = 5_000
"""The largest network that is drawn: more people cannot be distinguished."""
_VECTORS = 500  # people up to which a drawing consists of lines and discs; beyond, these are an image in the figure


def network_drawing(network: Network, characteristic: Array | None = None, title: str = "") -> Figure:
    """Draw a network: people as discs with an area that grows with their number of neighbours, edges as lines.

    Edges have a colour for each layer.

    Args:
        network: a network of at most 5,000 people.
        characteristic: ``[N]``, shown as the colour of people, such as their wealth.
        title: what it is, with its unit.

    Raises:
        UserError: the network is larger.
    """
    if network.people > MOST_DRAWN:
        raise UserError(f"network_drawing: {network.people:,} people; at most {MOST_DRAWN:,} can be drawn")
    figure, (axes,) = new_figure(height=6.2)
    axes.set_axis_off()
    axes.set_aspect("equal")
    at, image = positions(network), network.people > _VECTORS
    _draw_edges(axes, network, at, image)
    degrees = np.diff(adjacency(network).indptr)
    area = 3.0 + 3000.0 / network.people * degrees / max(degrees.mean(), 1.0)
    colours: dict[str, Any] = {"color": SERIES[0]}
    if characteristic is not None:
        colours = {"c": np.asarray(characteristic, np.float64), "cmap": "viridis"}
    discs = axes.scatter(at[:, 0], at[:, 1], s=area, linewidths=0, zorder=2, rasterized=image, **colours)
    if characteristic is not None:
        bar = figure.colorbar(discs, ax=axes, shrink=0.6, label=title)
        bar.ax.yaxis.label.set_color(INK)
        bar.ax.tick_params(colors=INK, labelsize=9)
        bar.outline.set_visible(False)
    return figure


def _draw_edges(axes: Axes, network: Network, at: Array, image: bool) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    ends = np.sort(np.stack([network.sources().numpy(), network.neighbours.long().numpy()], 1), axis=1)
    layers = np.zeros(len(ends), np.int64) if network.layers is None else network.layers.numpy()
    edges = np.unique(np.column_stack([ends, layers]), axis=0)  # once, where it leads both ways
    names = network.layer_names or ("",)
    colours = (LINES,) if len(names) == 1 else SERIES[1:]
    look: Any = {
        "linewidths": float(np.clip(300.0 / network.people, 0.2, 0.8)),
        "alpha": float(np.clip(3000.0 / max(len(edges), 1), 0.15, 0.8)),
        "rasterized": image,
        "zorder": 1,
    }
    for index, colour in zip(range(len(names)), colours, strict=False):
        axes.add_collection(LineCollection(list(at[edges[edges[:, 2] == index, :2]]), colors=colour, **look))
    if len(names) > 1:
        handles = [Line2D([], [], color=colour, label=name) for name, colour in zip(names, colours, strict=False)]
        axes.legend(handles=handles, loc="lower left", **LEGEND)
