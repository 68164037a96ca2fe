"""The median voter: who decides where preferences have one peak, and the flat tax that it wants."""

from __future__ import annotations

from torch import Tensor

from econsim.mechanisms.voting.chances import certain, weights_of


def median_position(positions: Tensor, weights: Tensor) -> Tensor:
    """Return the least of ``positions`` ``[B, V]`` that at least half the weight ``[B, V]`` is at or below, ``[B]``."""
    ranked, order = positions.sort(-1)
    up_to = weights.gather(-1, order).cumsum(-1)
    place = (2.0 * up_to < up_to[:, -1:]).sum(-1, keepdim=True)
    return ranked.gather(-1, place.clamp(max=ranked.shape[-1] - 1))[:, 0]


def median(ballots: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return chances ``[B, C]``: the median of the voters' first choices along the candidates' order wins.

    Where preferences have one peak nobody gains by naming another (Moulin 1980), and with an odd number of voters the
    winner beats every other candidate by a majority (Black 1948).
    """
    return certain(median_position(ballots.argmax(-1), weights_of(ballots, weights)), ballots.shape[-1])


def median_flat_tax(relative_income: Tensor, elasticity: Tensor | float) -> Tensor:
    r"""Return the flat tax $t$ that a voter wants whose revenue is shared equally, elementwise, in [0, 1).

    $t / (1 - t) = (1 - z / \bar z) / e$ for potential income $z$ and an elasticity of income $e$ to the
    net-of-tax rate that is the same for all, without income effects; zero for those above the mean. Source: the
    first-order condition of Meltzer and Richard (1981) for quasi-linear, isoelastic workers.
    """
    odds = (1.0 - relative_income).clamp(min=0.0) / elasticity
    return odds / (1.0 + odds)
