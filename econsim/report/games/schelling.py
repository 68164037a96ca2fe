"""Schelling diagrams: the payoff of two options by the number of others who choose one of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from econsim.analysis.equilibrium.symmetric import by_count, is_symmetric
from econsim.analysis.schelling import exact_diagram
from econsim.analysis.schelling_plot import schelling_plot
from econsim.report.figures import Captioned
from econsim.report.games.blocks import Block

__all__ = ["schelling_block"]

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
    of_first, of_second = torch.as_tensor(by_count(payoffs))
    caption = (
        f"The payoff of a player who chooses {first} or {second}, by the number of the others who choose {second}, and"
        " the mean payoff of all players at that share. An outcome is an equilibrium where the player's line is the"
        " higher one; the mean shows what is best for all."
    )
    diagram = exact_diagram(of_second, of_first)
    figure = schelling_plot(diagram, names=(second, first), others=f"others who choose {second}")
    return Block(_TITLE, figure=Captioned("schelling", _TITLE, figure, caption, caption))
