"""Gains from deviating: paired differences of returns under common random numbers, with intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from torch import Tensor

from econsim.analysis.equilibrium.ranks import RankGain
from econsim.analysis.statistics import mean_interval
from econsim.learning import Certificate

__all__ = ["Gain", "paired_gain"]

_BY_RANK = ("ranked_by", "ranks")
ROUNDING = 1e-9  # relative to returns: the rounding error of float64 sums over a thousand steps is smaller


@dataclass(frozen=True)
class Gain:
    """Mean returns with and without deviating; ``difference`` is paired, with its 95 % interval ``low`` to ``high``.

    ``over`` names the units of the interval: episodes where shocks differ between them, otherwise people; ``nothing``
    where there is a single number (``low`` and ``high`` are ``None``), as in a game without shocks. ``interval`` says
    how it was computed, or why there is none. ``largest`` is the largest mean difference of a single player. ``ranks``:
    the same by rank, where the game orders its players by something, which ``ranked_by`` names.
    """

    own: float
    reached: float
    difference: float
    low: float | None
    high: float | None
    over: Literal["episodes", "people", "nothing"]
    count: int
    largest: float
    interval: str
    ranked_by: str = ""
    ranks: tuple[RankGain, ...] = ()

    @property
    def gain(self) -> float:
        """The gain: zero where the deviation does worse, since a player may also keep its policy."""
        return max(0.0, self.difference)

    @property
    def relative(self) -> float | None:
        """The gain as a share of the absolute return; ``None`` where that is zero up to rounding."""
        return self.gain / abs(self.own) if abs(self.own) > ROUNDING * self.gain else None

    def certificate(self, deviation_class: str, method: str, exact: bool, players: int) -> Certificate:
        """Return bounds on the gain: the ends of the interval if it is over a sample, otherwise the gain itself.

        Args:
            deviation_class: the deviations that were allowed.
            method: how the deviation was found.
            exact: whether the deviation is the best of its class, so that the gain is bounded from above too.
            players: number of players of the role.
        """
        sampled = self.over == "episodes" or (self.over == "people" and self.count < players)
        low = self.low if sampled and self.low is not None else self.difference
        high = self.high if sampled and self.high is not None else self.difference
        return Certificate(max(0.0, low), max(0.0, high) if exact else None, deviation_class, method)

    def plain(self) -> dict[str, Any]:
        """Return plain data, the gain and its relative size included, and ranks where there are some."""
        plain = {**asdict(self), "gain": self.gain, "relative": self.relative}
        return plain if self.ranks else {key: value for key, value in plain.items() if key not in _BY_RANK}


def paired_gain(own: Tensor, reached: Tensor) -> Gain:
    """Return the gain from returns ``[E, P]`` of ``P`` players in ``E`` episodes of the same keys."""
    rounding = ROUNDING * max(1.0, float(own.abs().max()))
    difference = (reached - own).double().cpu()
    difference = difference.masked_fill(difference.abs() <= rounding, 0.0)
    over, units = _units(difference, rounding)
    interval = mean_interval(units.tolist())
    return Gain(
        own=float(own.double().mean()),
        reached=float(reached.double().mean()),
        difference=float(difference.mean()),
        low=interval.low,
        high=interval.high,
        over=over,
        count=interval.count,
        largest=float(difference.mean(0).max()),
        interval=interval.method,
    )


def _units(difference: Tensor, rounding: float) -> tuple[Literal["episodes", "people", "nothing"], Tensor]:
    """Return the independent units of an interval: episodes before people, who share the shocks of their episode."""
    of_episodes, of_people = difference.mean(1), difference.mean(0)
    if _spread(of_episodes) > rounding:
        return "episodes", of_episodes
    if _spread(of_people) > rounding:
        return "people", of_people
    return "nothing", difference.mean()[None]


def _spread(values: Tensor) -> float:
    return float(values.max() - values.min())
