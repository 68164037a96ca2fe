"""Coverage of unilateral deviations by a log: which of them its rows cannot price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Uncovered", "coverage"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Uncovered:
    """A deviation without data.

    Attributes:
        player: who deviates.
        state: in which state.
        option: to which option.
        share: the probability that the others' actions make a joint action that the log does not contain.
    """

    player: str
    state: str
    option: str
    share: float


def coverage(
    options: dict[str, tuple[str, ...]], states: tuple[str, ...], counts: Floats, joint: Floats
) -> tuple[list[Uncovered], float]:
    """Return the deviations that rows do not price, and the coefficient of unilateral concentrability.

    The coefficient is the largest ratio, given the state, of the probability of a joint action when one player has
    deviated to its share of the rows; infinite where some of these joint actions are missing.

    Args:
        options: names of each player's options.
        states: names of states.
        counts: ``[S, A_1, ..., A_P]``, rows of each cell.
        joint: ``[H, S, A_1, ..., A_P]``, the policy.
    """
    missing: list[Uncovered] = []
    coefficient = 0.0
    rows = counts.reshape(len(states), -1).sum(-1)
    for player, (name, labels) in enumerate(options.items()):
        others = joint.sum(2 + player).reshape(len(joint), len(states), -1).max(0)  # [S, R], over all periods
        seen = np.moveaxis(counts, 1 + player, 1).reshape(len(states), len(labels), -1)
        needed = others[:, None] > 0
        frequency = seen / np.maximum(rows, 1)[:, None, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(needed, others[:, None] / frequency, 0.0)
        coefficient = max(coefficient, float(ratio.max()))
        share = (others[:, None] * (seen == 0)).sum(-1)  # [S, A]
        missing += [
            Uncovered(name, states[state], labels[option], min(1.0, float(share[state, option])))
            for state, option in np.argwhere(share > 0)
        ]
    return missing, coefficient
