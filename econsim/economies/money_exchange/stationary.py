"""Stationary laws of wealth among many people, for the rules whose law is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from econsim.economies.money_exchange.parameters import Parameters

__all__ = ["law_of_wealth"]

Law = NDArray[np.float64]
_ROUNDS, _TOLERANCE = 5_000, 1e-13
_NODES: Any = np.polynomial.legendre.leggauss(6)
_MOST_COINS, _MOST_LEVELS = 5, 20_000  # beyond, laws of units take seconds to converge
_MOST_RECEIVED = 25


def law_of_wealth(parameters: Parameters) -> Law | None:
    """Return the probability that a person has 0, 1, 2 ... coins, ``[K]``, for many people and many steps.

    The laws are those of the package's section Checks; the probabilities of more than ``K`` coins are below 1e-9.
    ``None`` with a network, a tax, saving or voluntary participation, and where wealth is too high for a table.
    """
    known = (parameters.network, parameters.wealth_tax, parameters.saving_propensity, parameters.participation)
    if known != (None, None, 0.0, "compulsory"):
        return None
    mean = parameters.coins
    if parameters.exchange == "unit":
        return _of_units(mean, parameters.activation) if mean <= _MOST_COINS else None
    levels, ratio = 21 * (mean + 1) + 20, mean / (mean + 1.0)
    return np.asarray((1.0 - ratio) * ratio ** np.arange(levels), np.float64) if levels <= _MOST_LEVELS else None


def _of_units(mean: int, activation: str) -> Law:
    """Return the law of wealth where units are given: the fixed point of one step, for a population of this law."""
    law = np.zeros(30 * mean * (mean + 1))
    law[mean] = 1.0
    step = _all_at_once if activation == "synchronous" else _one_by_one
    for _ in range(_ROUNDS):
        after = step(law)
        if np.abs(after - law).max() < _TOLERANCE:
            break
        law = after
    return law


def _all_at_once(law: Law) -> Law:
    """Give away a coin, and receive those of a Poisson number of others."""
    return _received(_given(law), 1.0 - law[0])


def _one_by_one(law: Law) -> Law:
    """Act at a time that is uniform within the step, and receive coins before and after it."""
    nodes, weights = _NODES
    rates = [np.log(law[0] + (1.0 - law[0]) * np.exp(time)) for time in ((*(nodes + 1.0) / 2.0, 1.0))]
    laws = [_received(_given(_received(law, rate)), rates[-1] - rate) for rate in rates[:-1]]
    return np.asarray(weights / 2.0 @ np.stack(laws))


def _given(law: Law) -> Law:
    return np.concatenate([[law[0] + law[1]], law[2:], [0.0]])


def _received(law: Law, rate: float) -> Law:
    return np.asarray(np.convolve(law, poisson.pmf(np.arange(_MOST_RECEIVED), rate))[: len(law)])
