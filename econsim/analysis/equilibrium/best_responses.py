"""Best responses in games of one round: which options are best, and the graph of moves between pure profiles.

In the *best-response graph* the nodes are the profiles of options, and an arrow leads from a profile to the one that
results when a single player changes to a best option. A profile without arrows that lead away is *absorbing*: a pure
Nash equilibrium. A set of several profiles that arrows never leave, and within which they lead from each to every
other, is a *cycle*: players who respond one after the other stay in it without end.

Source: Young (1993), *The Evolution of Conventions*, section 4, for the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["BestResponseGraph", "best_options", "best_response_graph", "graph_of_counts"]

Floats = NDArray[np.float64]
_TOLERANCE = 1e-9
"""Payoffs that differ less than this, relative to the range of the player's payoffs, are equal."""


class BestResponseGraph(NamedTuple):
    """The best-response graph of a game.

    Attributes:
        nodes: the number of nodes.
        moves: the arrows, each from a node to a node.
        absorbing: the nodes that no arrow leaves.
        cycles: the sets of several nodes that no arrow leaves.
    """

    nodes: int
    moves: tuple[tuple[int, int], ...]
    absorbing: tuple[int, ...]
    cycles: tuple[tuple[int, ...], ...]


def best_options(payoffs: Floats) -> NDArray[np.bool_]:
    """Return whether the option of each player is a best response in each profile, ``[P, A_1, ..., A_P]``.

    Args:
        payoffs: ``[P, A_1, ..., A_P]``.
    """
    best = [
        own >= own.max(player, keepdims=True) - _TOLERANCE * (own.max() - own.min())
        for player, own in enumerate(payoffs)
    ]
    return np.stack(best)


def best_response_graph(payoffs: Floats) -> BestResponseGraph:
    """Return the graph whose nodes are the pure profiles in the order of the payoff table, last player first.

    Args:
        payoffs: ``[P, A_1, ..., A_P]``.
    """
    best, shape = best_options(payoffs), payoffs.shape[1:]
    moves = []
    for player in range(len(payoffs)):
        for profile in map(tuple, np.argwhere(~best[player]).tolist()):
            others = (*profile[:player], slice(None), *profile[player + 1 :])
            for option in np.flatnonzero(best[player][others]).tolist():
                reached = (*profile[:player], option, *profile[player + 1 :])
                moves.append((_number(profile, shape), _number(reached, shape)))
    return _graph(int(np.prod(shape)), moves)


def graph_of_counts(payoffs: Floats) -> BestResponseGraph:
    """Return the graph of a symmetric game of two options, whose node ``k`` is that ``k`` players choose the second.

    Args:
        payoffs: ``[2, N]``, of a player by its own option and the number of the others who choose the second.
    """
    players, same = payoffs.shape[1], _TOLERANCE * (payoffs.max() - payoffs.min())
    gain = payoffs[1] - payoffs[0]
    up = [(count, count + 1) for count in range(players) if gain[count] > same]
    down = [(count + 1, count) for count in range(players) if gain[count] < -same]
    return _graph(players + 1, [*up, *down])


def _number(profile: Sequence[int], shape: Sequence[int]) -> int:
    return int(np.ravel_multi_index(tuple(profile), tuple(shape)))


def _graph(nodes: int, moves: Sequence[tuple[int, int]]) -> BestResponseGraph:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    start, end = np.array(moves, np.int64).reshape(-1, 2).T
    links = csr_array((np.ones(len(moves)), (start, end)), shape=(nodes, nodes))
    count, component = connected_components(links, connection="strong")
    left = set(component[start[component[start] != component[end]]].tolist())
    closed = [tuple(np.flatnonzero(component == label).tolist()) for label in range(count) if label not in left]
    absorbing = sorted(members[0] for members in closed if len(members) == 1)
    cycles = sorted(members for members in closed if len(members) > 1)
    return BestResponseGraph(nodes, tuple(moves), tuple(absorbing), tuple(cycles))
