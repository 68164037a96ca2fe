"""Symmetric games of one round: payoffs by the own option and by what the others choose.

A game is symmetric if all players have the same options, and each one's payoff depends only on its own option and on
how many of the others choose each option.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["against_all", "by_count", "is_symmetric"]

Floats = NDArray[np.float64]
_TOLERANCE = 1e-9


def is_symmetric(payoffs: Floats) -> bool:
    """Return whether a game with payoffs ``[P, A_1, ..., A_P]`` is symmetric."""
    if len(set(payoffs.shape[1:])) > 1:
        return False
    close = _TOLERANCE * float(np.abs(payoffs).max() or 1.0)
    first, players = payoffs[0], len(payoffs)
    others = all(np.allclose(first, first.swapaxes(1, other), 0, close) for other in range(2, players))
    return others and all(
        np.allclose(payoffs[player], first.swapaxes(0, player), 0, close) for player in range(1, players)
    )


def by_count(payoffs: Floats) -> Floats:
    """Return payoffs ``[2, N]`` of a player by its own option and the number of the others who choose the second.

    Args:
        payoffs: ``[N, 2, ..., 2]`` of a symmetric game of two options.
    """
    players = len(payoffs)
    counts = [(1,) * count + (0,) * (players - 1 - count) for count in range(players)]
    return np.array([[payoffs[(0, option, *others)] for others in counts] for option in (0, 1)])


def against_all(payoffs: Floats) -> Floats:
    """Return payoffs ``[A, A]`` of a player by its own option and the one option that all others choose.

    Args:
        payoffs: ``[P, A, ..., A]`` of a symmetric game.
    """
    options = range(payoffs.shape[1])
    others = len(payoffs) - 1
    return np.array([[payoffs[(0, own, *(other,) * others)] for other in options] for own in options])
