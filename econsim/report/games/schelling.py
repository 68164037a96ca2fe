"""Schelling diagrams: the payoff of two options by the number of others who choose one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.canvas import label_ends, new_figure, plain_numbers, stroke, styles_of
from econsim.analysis.equilibrium.symmetric import by_count, is_symmetric
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_schelling", "schelling_block"]

Floats = NDArray[np.float64]
_TITLE = "Schelling diagram"


def schelling_block(payoffs: Floats, options: Sequence[Sequence[str]]) -> Block | None:
    """Return the block of a symmetric game of three or more players with two options; ``None`` for other games.

    Args:
        payoffs: ``[P, A_1, ..., A_P]``.
        options: the names of each player's options.
    """
    if len(options) < 3 or any(tuple(names) != tuple(options[0]) for names in options) or len(options[0]) != 2:
        return None
    if not is_symmetric(payoffs):
        return None
    first, second = options[0]
    values = by_count(payoffs)
    caption = (
        f"The payoff of a player who chooses {first} or {second}, by the number of the others who choose {second}, and"
        " the mean payoff of all players at that share. An outcome is an equilibrium where the player's line is the"
        " higher one; the mean shows what is best for all."
    )
    figure = draw_schelling(values, first, second)
    return Block(_TITLE, figure=Captioned("schelling", _TITLE, figure, caption, caption))


def draw_schelling(payoffs: Floats, first: str, second: str) -> Figure:
    """Draw payoffs ``[2, N]`` of a player by its own option and the number of the others who choose the second.

    The mean payoff of all ``N`` players where ``k`` of them choose the second option is drawn at ``k (N - 1) / N``, so
    that all lines range from nobody to everybody.
    """
    figure, (axes,) = new_figure()
    players = payoffs.shape[1]
    others, count = np.arange(players), np.arange(players + 1)
    styles, ends = styles_of([first, "mean of all players", second]), {}
    for label, line in ((first, payoffs[0]), (second, payoffs[1])):
        axes.plot(others, line, marker="o", markersize=3.5, **stroke(styles[label]))
        ends[label] = float(line[-1])
    with_first = np.append(payoffs[0], 0.0) * (players - count)  # nobody chooses the first option at the end
    with_second = np.append(0.0, payoffs[1]) * count
    mean = (with_first + with_second) / players
    axes.plot(count * (players - 1) / players, mean, **stroke(styles["mean of all players"]))
    ends["mean of all players"] = float(mean[-1])
    axes.set(xlabel=f"others who choose {second}", ylabel="payoff")
    axes.set_xticks(range(0, players, -(-players // 12)))
    plain_numbers(axes, "y")
    label_ends(axes, ends, styles)
    return figure
