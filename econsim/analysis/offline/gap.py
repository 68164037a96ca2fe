"""Intervals of the distance of a policy from equilibrium, over all games that a log does not rule out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from econsim.analysis.offline.confidence import GameBounds, bounds_of, extreme_mean
from econsim.analysis.offline.coverage import Uncovered, coverage
from econsim.analysis.offline.play_log import PlayLog
from econsim.errors import UserError
from econsim.learning import Certificate

__all__ = ["CONCEPTS", "Concept", "OfflineGap", "offline_gap"]

Floats = NDArray[np.float64]
Concept = Literal["nash", "cce", "ce"]
CONCEPTS = {
    "nash": "any policy against independent strategies of the others (class history)",
    "cce": "any policy, chosen before recommendations are seen (class history)",
    "ce": "any change of recommended actions (class history)",
}
"""The deviations that each concept considers."""


@dataclass(frozen=True)
class OfflineGap:
    """Distance from equilibrium that a log supports.

    Attributes:
        certificate: bounds of the largest gain of any player, in payoffs.
        by_player: bounds of each player's gain.
        confidence: the probability with which all bounds hold.
        unpriced: deviations for which joint actions are missing in the log. Their payoffs are unknown within the range
            of payoffs; they widen the interval, and are never counted as zero.
        coefficient: unilateral concentrability; see :func:`~econsim.analysis.offline.coverage.coverage`.
    """

    certificate: Certificate
    by_player: dict[str, tuple[float, float]]
    confidence: float
    unpriced: tuple[Uncovered, ...]
    coefficient: float


def offline_gap(
    log: PlayLog,
    policy: Tensor,
    payoff_range: tuple[float, float],
    concept: Concept = "nash",
    discount: float = 1.0,
    confidence: float = 0.95,
) -> OfflineGap:
    """Return an interval of the gap of a policy.

    Args:
        log: rows of play of the game.
        policy: ``[H, S, A_1, ..., A_P]``, the probability of each joint action.
        payoff_range: the lowest and the highest payoff of a period that the game can have.
        concept: the equilibrium whose deviations are considered.
        discount: the weight of a payoff relative to one a period earlier.
        confidence: the probability with which the interval contains the gap.

    Raises:
        UserError: a payoff of the log is out of range, the log is longer than the policy, or players correlate under
            ``nash``.
    """
    lowest, highest = payoff_range
    if not lowest < highest or log.payoffs.min() < lowest or log.payoffs.max() > highest:
        found = f"payoffs from {log.payoffs.min():g} to {log.payoffs.max():g}"
        raise UserError(f"payoff range: expected a range with all payoffs, found {lowest:g} to {highest:g} and {found}")
    if not 0 < confidence < 1:
        raise UserError(f"confidence: expected a number between 0 and 1, found {confidence:g}")
    joint = policy.double().numpy()
    if log.period.max() >= len(joint):
        raise UserError(f"horizon: the log has {log.period.max() + 1} periods, and the policy {len(joint)}")
    if concept == "nash" and not _is_product(joint):
        raise UserError("policy: players are correlated, which they are not in a Nash equilibrium; use cce or ce")
    bounds = bounds_of(log, lowest, highest, confidence)
    pairs = [
        _PlayerGap(bounds, joint, player, discount, concept == "ce").interval() for player in range(len(log.options))
    ]
    missing, coefficient = coverage(dict(log.options), log.states, bounds.counts, joint)
    certificate = Certificate(
        max(low for low, _ in pairs),
        max(high for _, high in pairs),
        CONCEPTS[concept],
        f"all games within confidence sets of a log, with probability {confidence:g}",
    )
    by_player = dict(zip(log.options, pairs, strict=True))
    return OfflineGap(certificate, by_player, confidence, tuple(missing), coefficient)


def _is_product(joint: Floats) -> bool:
    product = np.ones(joint.shape[:2])
    for player in range(joint.ndim - 2):
        others = tuple(axis for axis in range(2, joint.ndim) if axis != 2 + player)
        shares = joint.sum(others)
        product = product[..., None] * shares.reshape(*shares.shape[:2], *[1] * player, -1)
    return bool(np.abs(product - joint).max() <= 1e-6)


class _PlayerGap:
    """Backward induction of bounds for one player; ``R`` counts the joint actions of all others.

    For a deviation and every game within the bounds, ``D``, its gain from a period on, is bounded by comparing cells:
    where the deviation plays what the policy recommends, payoffs cancel and only later gains remain; elsewhere it is
    the difference of bounds of values.
    """

    def __init__(self, bounds: GameBounds, joint: Floats, player: int, discount: float, sees: bool) -> None:
        states, own = bounds.counts.shape[0], bounds.counts.shape[1 + player]

        def by_option(table: Floats) -> Floats:
            return np.moveaxis(table, 1 + player, 1).reshape(states, own, -1)

        self.low, self.high = by_option(bounds.low[player]), by_option(bounds.high[player])  # [S, A, R]
        sides = bounds.next_low, bounds.next_high
        after = [np.moveaxis(side, 1 + player, 1).reshape(states, own, -1, states) for side in sides]
        self.next_low, self.next_high = after  # [S, A, R, S]
        self.start = bounds.start_low, bounds.start_high
        self.policy = [by_option(law) for law in joint]  # of each period, [S, A, R]
        self.discount, self.sees = discount, sees

    def interval(self) -> tuple[float, float]:
        """Return bounds of the largest gain, at least zero."""
        pessimistic = max(0.0, float(extreme_mean(*self.start, self._gains(False), False)))
        optimistic = max(0.0, float(extreme_mean(*self.start, self._gains(True), True)))
        return min(pessimistic, optimistic), optimistic

    def _later(self, values: Floats, largest: bool) -> Floats:
        return self.discount * extreme_mean(self.next_low, self.next_high, values, largest)

    def _gains(self, upper: bool) -> Floats:
        """Return a bound of the gain of the best deviation from each state of the first period, ``[S]``."""
        paid, own_paid = (self.high, self.low) if upper else (self.low, self.high)
        gain = deviating = own = np.zeros(len(self.low))
        options = np.arange(self.low.shape[1])
        for law in reversed(self.policy):
            there = paid + self._later(deviating, upper)  # [S, A, R]
            here = own_paid + self._later(own, not upper)
            difference = there[:, None] - here[:, :, None]  # [S, recommended, chosen, R]
            difference[:, options, options] = self._later(gain, upper)
            gains = np.einsum("sar,sacr->sac", law, difference)
            values = np.einsum("sar,scr->sac", law, there)
            own = np.einsum("sar,sar->s", law, here)
            gain, deviating = self._best(gains, values, upper)
        return gain

    def _best(self, gains: Floats, values: Floats, upper: bool) -> tuple[Floats, Floats]:
        """Return the bound of the best choices' gain and of their value, ``[S]`` each.

        An upper bound takes the best of each; a lower one takes the value of the policy whose gain it bounds.
        """
        if not self.sees:
            gains, values = gains.sum(1, keepdims=True), values.sum(1, keepdims=True)
        chosen = gains.argmax(-1)[..., None]
        best = np.take_along_axis(gains, chosen, -1).sum((1, 2))
        value = values.max(-1) if upper else np.take_along_axis(values, chosen, -1)[..., 0]
        return best, value.sum(-1)
