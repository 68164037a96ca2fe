"""Dictator game: each player divides a sum between itself and another person, who has no say.

State
    The share that each player gives, as the index of a level ``[B, N]`` (-1 before the round), and time.

Actions
    Role ``dictator``: one of ``levels`` shares, equally spaced from nothing to the whole sum. The recipients do not act
    and are not players: each dictator has one of its own.

Observations
    ``round``: 0 before the round and 1 after it. Players observe nothing else before they choose.

Dynamics
    One round, in which all give; then the game ends by its own rule.

Rewards
    ``sum - g_i``, in coin: what the dictator keeps after it gave ``g_i``.

Conservation
    A dictator and its recipient together have the sum. The game has no accounts; payoffs are returns.

Calibration
    None by law; ten coins in steps of one are usual in experiments (Forsythe et al. 1994).

Checks
    Closed form: to give nothing is dominant and pays ``sum``. People give 28 % on average (Engel 2011), which
    :mod:`econsim.analysis.human_figures` compares with the choices of language-model agents.

References:
    Forsythe et al. (1994), *Fairness in Simple Bargaining Experiments*; Engel (2011), *Dictator Games: A Meta Study*.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from econsim.games._one_round import OneRound
from econsim.parameters import Model

__all__ = ["Dictator", "Parameters"]

REFERENCES = (
    "@article{forsythe1994fairness, title={Fairness in Simple Bargaining Experiments}, author={Forsythe, Robert and "
    "others}, journal={Games and Economic Behavior}, volume={6}, "
    "number={3}, pages={347--369}, year={1994}}",
    "@article{engel2011dictator, title={Dictator Games: A Meta Study}, author={Engel, Christoph}, "
    "journal={Experimental Economics}, volume={14}, number={4}, pages={583--610}, year={2011}}",
)


class Parameters(Model):
    """Parameters of a dictator game."""

    players: int = Field(default=2, ge=2, le=100_000)
    """Number of dictators, each with a recipient of its own."""
    levels: int = Field(default=11, ge=2)
    """Number of shares to choose from, equally spaced from 0 to 1."""
    sum: float = Field(default=10.0, gt=0)
    """The sum that each dictator divides, in coin."""


class Dictator(OneRound):
    """Dictator game of one round; the module docstring describes it."""

    unit = "coin"

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        labels = tuple(f"{level / (parameters.levels - 1):g}" for level in range(parameters.levels))
        super().__init__("dictator", parameters.players, labels, "share of the sum given to the other person")
        self.parameters = {"sum": torch.tensor(parameters.sum, dtype=torch.float64)}

    def payoffs(self, choices: Tensor) -> Tensor:
        """Return what each player keeps, in coin, float64 ``[B, N]``."""
        return self.number("sum") * (1 - choices.double() / (self.settings.levels - 1))

    def payoffs_by_counts(self, counts: Tensor) -> Tensor:
        """Return what a player of each level keeps; see :class:`~econsim.anonymous.Anonymous`."""
        levels = torch.arange(self.settings.levels, dtype=counts.dtype) / (self.settings.levels - 1)
        return (self.number("sum") * (1 - levels)).expand(len(counts), -1)
