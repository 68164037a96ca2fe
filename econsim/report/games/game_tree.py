"""The game tree as a figure: moves from left to right, with the probability of each under the play that is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from econsim.analysis.canvas import INK, LINES, SERIES, new_figure
from econsim.report.crowding import OPTIONAL
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block
from econsim.report.games.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from econsim.information_tree import TreeNode

__all__ = ["Shares", "tree_block"]

Shares = Mapping[tuple[int, str], Mapping[str, float]]
"""The probability of each option by player and information set."""
MOST_ENDS, MOST_MOVES = 40, 8
_TITLE = "Game tree"
_ROW = 0.19  # inches of each end


def tree_block(nodes: Sequence[TreeNode], players: Sequence[str], shares: Shares, play: str) -> Block:
    """Return the block of a game tree; one that is too large for a page is left out, which a note says.

    Args:
        nodes: the nodes, the root first and every parent before its children.
        players: the name of each player.
        shares: the play that the widths of lines show; empty: all lines have one width.
        play: this play in words.
    """
    ends = sum(not node.children for node in nodes)
    depths = _depths(nodes)
    if ends > MOST_ENDS or max(depths) > MOST_MOVES:
        size = f"{len(nodes):,} nodes and {ends:,} ends"
        return Block(_TITLE, notes=(f"The tree of {size} is too large to be drawn (at most {MOST_ENDS} ends).",))
    named = ", ".join(players)
    caption = (
        f"Moves from left to right. Nodes are named by the information set of the player who moves, in the player's"
        f" colour ({named}); grey nodes are moves of chance. Ends give the payoffs of {named}."
    )
    caption += f" Lines are as wide as their option is likely {play}, and dotted where it is never chosen." * bool(
        shares
    )
    figure = _draw(nodes, depths, ends, shares)
    return Block(_TITLE, figure=Captioned("game_tree", _TITLE, figure, caption, f"Game tree of {len(nodes)} nodes."))


def _depths(nodes: Sequence[TreeNode]) -> list[int]:
    depths = [0] * len(nodes)
    for index, node in enumerate(nodes):
        for child in node.children:
            depths[child] = depths[index] + 1
    return depths


def _heights(nodes: Sequence[TreeNode]) -> list[float]:
    """Return the height of each node: ends below each other in the order of the options, others in their middle."""
    heights, waiting, row = [0.0] * len(nodes), [0], 0.0
    while waiting:
        node = waiting.pop()
        waiting += reversed(nodes[node].children)
        if not nodes[node].children:
            heights[node], row = row, row + 1.0
    for index in reversed(range(len(nodes))):
        children = nodes[index].children
        if children:
            heights[index] = (heights[children[0]] + heights[children[-1]]) / 2
    return heights


def _draw(nodes: Sequence[TreeNode], depths: Sequence[int], ends: int, shares: Shares) -> Figure:
    figure, (axes,) = new_figure(height=0.5 + _ROW * ends)
    heights = _heights(nodes)
    for index, node in enumerate(nodes):
        at = (float(depths[index]), heights[index])
        if not node.children:
            text = ", ".join(number(float(paid)) for paid in node.payoffs)
            axes.annotate(text, at, (5, 0), textcoords="offset points", va="center", fontsize=7.5, color=INK)
            continue
        color = SERIES[node.player % len(SERIES)] if node.player >= 0 else SERIES[5]
        of_options = _of_options(node, shares)
        for action, child, share in zip(node.actions, node.children, of_options, strict=True):
            _branch(axes, at, (float(depths[child]), heights[child]), action, color, share)
        axes.plot(*at, marker="o", markersize=4.5, color=color)
        axes.annotate(node.information, at, (1, 5), textcoords="offset points", ha="right", fontsize=7, color=color)
    axes.set(xlim=(-0.25, max(depths) + 0.55), ylim=(ends - 0.4, -0.9))
    axes.set_axis_off()
    return figure


def _of_options(node: TreeNode, shares: Shares) -> list[float | None]:
    if node.player < 0:
        return [float(share) for share in node.probabilities]
    of_set = shares.get((node.player, node.information))
    return [None if of_set is None else of_set.get(action, 0.0) for action in node.actions]


def _branch(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], action: str, color: str, share: float | None
) -> None:
    never = share is not None and share < 5e-4
    width = 1.0 if share is None or never else 0.6 + 1.9 * share
    line = LINES if never else color
    axes.plot(*zip(start, end, strict=True), color=line, linewidth=width, linestyle=":" if never else "-", zorder=0)
    middle = 0.62 * end[0] + 0.38 * start[0], 0.62 * end[1] + 0.38 * start[1]
    text = axes.annotate(
        action, middle, (0, 1.5), textcoords="offset points", ha="center", va="bottom", fontsize=6.5, color=INK
    )
    text.set_label(OPTIONAL)
