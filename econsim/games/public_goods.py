"""Public goods game: players divide an endowment between themselves and a fund that is multiplied and shared equally.

State
    The contribution of each player, as the index of a level ``[B, N]`` (-1 before the round), and time.

Actions
    Role ``player``: one of ``levels`` contributions, equally spaced from nothing to the whole endowment.

Observations
    ``round``: 0 before the round and 1 after it. Players observe nothing else before they choose.

Dynamics
    One round, in which all contribute; then the game ends by its own rule.

Rewards
    ``endowment - c_i + multiplier * sum(c) / N``, in coin, for the contribution ``c_i``.

Conservation
    No quantity is conserved: the fund grows. The game has no accounts; payoffs are returns.

Calibration
    None by law; the defaults (20 coins, 4 players, multiplier 1.6) are those of Fehr and Gaechter (2000).

Checks
    Closed forms: to contribute nothing is dominant where ``multiplier < N``, and pays ``endowment``; if all contribute
    everything, each is paid ``multiplier * endowment``, which is more where ``multiplier > 1``. A player gains
    ``c (1 - multiplier / N)`` by keeping its contribution ``c``.

References:
    Ledyard (1995), *Public Goods: A Survey of Experimental Research*; Fehr and Gaechter (2000), *Cooperation and
    Punishment in Public Goods Experiments*.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from econsim.games._one_round import OneRound
from econsim.parameters import Model

__all__ = ["Parameters", "PublicGoods"]

REFERENCES = (
    "@article{fehr2000cooperation, title={Cooperation and Punishment in Public Goods Experiments}, author={Fehr, Ernst "
    'and G{\\"a}chter, Simon}, journal={American Economic Review}, volume={90}, number={4}, pages={980--994}, '
    "year={2000}}",
)


class Parameters(Model):
    """Parameters of a public goods game."""

    players: int = Field(default=4, ge=2, le=100_000)
    """Number of players."""
    levels: int = Field(default=5, ge=2)
    """Number of contributions to choose from, equally spaced from 0 to the endowment."""
    endowment: float = Field(default=20.0, gt=0)
    """Endowment of each player, in coin."""
    multiplier: float = Field(default=1.6, gt=0)
    """Number of coins that the group receives for each coin contributed."""


class PublicGoods(OneRound):
    """Public goods game of one round; the module docstring describes it."""

    unit = "coin"

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        shares = [level / (parameters.levels - 1) for level in range(parameters.levels)]
        labels = tuple(f"{share:g}" for share in shares)
        super().__init__("player", parameters.players, labels, "share of the endowment")
        self.parameters = {
            name: torch.tensor(getattr(parameters, name), dtype=torch.float64) for name in ("endowment", "multiplier")
        }

    def payoffs(self, choices: Tensor) -> Tensor:
        """Return what each player keeps and receives, in coin, float64 ``[B, N]``."""
        endowment = self.number("endowment")
        contributed = choices * endowment / (self.settings.levels - 1)
        return endowment - contributed + self.number("multiplier") * contributed.mean(1, keepdim=True)

    def payoffs_by_counts(self, counts: Tensor) -> Tensor:
        """Return what a player of each level keeps and receives; see :class:`~econsim.anonymous.Anonymous`."""
        levels = torch.arange(self.settings.levels, dtype=counts.dtype) / (self.settings.levels - 1)
        endowment = self.number("endowment")
        shared = endowment * (counts @ levels)[:, None] / self.settings.players
        return endowment * (1 - levels) + self.number("multiplier") * shared
