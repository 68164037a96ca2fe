"""Markov chains on profiles of options in which one player at a time changes its option, and where they spend time."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from econsim.errors import UserError
from econsim.solvers._tables import Floats

MOST_PROFILES = 2_000
"""The largest number of profiles, since a chain is solved as a dense linear system."""

Rates = Callable[[int, Floats, int], Floats]
"""Takes a player, its payoffs ``[A, others]`` and an option; returns the rate from each option to that one, ``[A,
others]``."""


def check_profiles(table: Floats, solver: str) -> None:
    """Check the size of a chain.

    Raises:
        UserError: the game has more than ``MOST_PROFILES`` profiles.
    """
    if (profiles := table[0].size) > MOST_PROFILES:
        raise UserError(f"{solver}: expected at most {MOST_PROFILES:,} profiles of options, found {profiles:,}")


def stationary_law(table: Floats, rates: Rates) -> Floats:
    """Return the stationary distribution ``[A_1, ..., A_P]`` of a chain on the profiles of a table of payoffs."""
    shape = table.shape[1:]
    numbers = np.arange(prod(shape)).reshape(shape)
    chain = np.zeros((prod(shape), prod(shape)))
    for player, options in enumerate(shape):
        own = np.moveaxis(table[player], player, 0).reshape(options, -1)
        places = np.moveaxis(numbers, player, 0).reshape(options, -1)
        for option in range(options):
            chain[places, places[option]] += rates(player, own, option)
    return _balanced(chain).reshape(shape)


def _balanced(chain: Floats) -> Floats:
    """Return the stationary distribution of rates ``[n, n]``, which are changed; the diagonal is not read.

    States are eliminated without subtractions, so that rates of very different size keep their precision.

    Source: Grassmann, Taksar and Heyman (1985), "Regenerative analysis and steady state distributions".
    """
    for last in range(len(chain) - 1, 0, -1):
        chain[:last, last] /= chain[last, :last].sum()
        chain[:last, :last] += np.outer(chain[:last, last], chain[last, :last])
    weights = np.ones(len(chain))
    for state in range(1, len(chain)):
        weights[state] = weights[:state] @ chain[:state, state]
        weights[: state + 1] /= weights[: state + 1].max()
    return np.asarray(weights / weights.sum())
