"""Congestion game of two routes: a motorway that slows down with traffic, and a country road that does not, and a toll.

State
    The route of each driver ``[B, N]`` (0 the country road, 1 the motorway; -1 before the round), and time.

Actions
    Role ``driver``: ``country_road`` or ``motorway``.

Observations
    ``round``: 0 before the round and 1 after it. Drivers observe nothing else before they choose.

Dynamics
    One round: the motorway takes ``motorway_time`` times the share of drivers on it. Then the game ends by its own
    rule.

Rewards
    Minus travel time, in hours, and minus the toll on the motorway, in hours of travel time. Tolls leave the game.

Conservation
    No quantity is conserved. The game has no accounts; payoffs are returns.

Calibration
    None: Pigou's example, with travel times of one hour.

Checks
    Closed forms, with equal times ``t`` of the country road and the full motorway: without a toll all drivers on the
    motorway are an equilibrium, and take ``t`` each; total time is smallest with half of them there, and 3/4 of it.
    One more driver among ``k`` slows the others by ``t (k - 1) / N``: with that toll at half of the drivers, half of
    them on the motorway are an equilibrium. In the limit of many drivers (``--solver mean_field``), a toll ``s`` leaves
    the share ``1 - s / t`` on the motorway (Wardrop 1952).

References:
    Pigou (1920), *The Economics of Welfare*; Rosenthal (1973); Roughgarden and Tardos (2002), *How Bad Is Selfish
    Routing?*, for the bound of 4/3.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from econsim.games._one_round import OneRound
from econsim.parameters import Model

__all__ = ["Congestion", "Parameters"]

REFERENCES = (
    "@article{roughgarden2002how, title={How Bad Is Selfish Routing?}, author={Roughgarden, Tim and Tardos, {\\'E}va}, "
    "journal={Journal of the ACM}, volume={49}, number={2}, pages={236--259}, year={2002}}",
)


class Parameters(Model):
    """Parameters of a congestion game."""

    drivers: int = Field(default=10, ge=1, le=100_000)
    """Number of drivers."""
    country_road_time: float = Field(default=1.0, ge=0)
    """Travel time on the country road, in hours."""
    motorway_time: float = Field(default=1.0, ge=0)
    """Travel time on the motorway if all drivers use it, in hours."""
    toll: float = Field(default=0.0, ge=0)
    """Toll on the motorway, in hours of travel time."""


class Congestion(OneRound):
    """Congestion game of one round; the module docstring describes it."""

    unit = "hours"

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        super().__init__("driver", parameters.drivers, ("country_road", "motorway"))
        self.parameters = {
            name: torch.tensor(getattr(parameters, name), dtype=torch.float64)
            for name in ("country_road_time", "motorway_time", "toll")
        }

    def payoffs(self, choices: Tensor) -> Tensor:
        """Return minus travel time and toll, in hours, float64 ``[B, N]``."""
        motorway = self._motorway(choices.double().mean(1, keepdim=True))
        return -torch.where(choices == 1, motorway, self.number("country_road_time"))

    def payoffs_by_counts(self, counts: Tensor) -> Tensor:
        """Return minus travel time and toll of both routes; see :class:`~econsim.anonymous.Anonymous`."""
        motorway = self._motorway(counts[:, 1:] / self.settings.drivers)
        return -torch.cat([self.number("country_road_time").expand_as(motorway), motorway], 1)

    def _motorway(self, share: Tensor) -> Tensor:
        """Return time and toll on the motorway, ``[B, 1]``, for the share of drivers ``[B, 1]`` on it."""
        return self.number("motorway_time") * share + self.number("toll")
