"""Median-voter rule, and the flat tax preferred by the median voter."""

from __future__ import annotations

from torch import Tensor

from econsim.mechanisms.voting.chances import certain, weights_of


def median_position(positions: Tensor, weights: Tensor) -> Tensor:
    """Return the lower weighted median ``[B]`` of ``positions`` ``[B, V]`` with ``weights`` ``[B, V]``."""
    ranked, order = positions.sort(-1)
    up_to = weights.gather(-1, order).cumsum(-1)
    rank = (2.0 * up_to < up_to[:, -1:]).sum(-1, keepdim=True)
    return ranked.gather(-1, rank.clamp(max=ranked.shape[-1] - 1))[:, 0]


def median(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return probabilities of winning ``[B, C]``: one for the median of first choices along the candidates' order.

    With single-peaked preferences no voter gains from misreporting (Moulin 1980), and with an odd number of voters the
    winner beats every other candidate by a majority (Black 1948).
    """
    return certain(median_position(ballots.argmax(-1), weights_of(ballots, weights)), ballots.shape[-1])


def median_flat_tax(relative_income: Tensor, elasticity: Tensor | float) -> Tensor:
    r"""Return a voter's preferred flat tax rate $t$ when revenue is rebated equally, elementwise, in [0, 1).

    $t / (1 - t) = (1 - z / \bar z) / e$, where $z / \bar z$ is potential income relative to the mean and $e$ is the
    elasticity of income with respect to the net-of-tax rate, the same for all and without income effects; zero for
    voters above the mean. Source: the first-order condition of Meltzer and Richard (1981) for quasi-linear, isoelastic
    preferences.
    """
    odds = (1.0 - relative_income).clamp(min=0.0) / elasticity
    return odds / (1.0 + odds)
