"""Parameters of the coin game."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from econsim.parameters import Model

__all__ = ["Parameters"]


class Parameters(Model):
    """Parameters of the coin game."""

    players: int = Field(default=2, ge=2, le=64)
    """Number of players, each with a colour of its own."""
    height: int = Field(default=3, ge=1, le=64)
    """Number of rows of the grid."""
    width: int = Field(default=3, ge=1, le=64)
    """Number of columns of the grid."""
    horizon: int = Field(default=150, ge=1)
    """Number of steps of an episode."""
    discount: float = Field(default=0.96, gt=0, le=1)
    """Weight of a reward relative to a reward one step earlier."""
    coin_colours: Literal["random", "alternate"] = "random"
    """Colour of the next coin: that of a player drawn with equal probabilities, or of the next player in turn."""
    coin_reward: float = 1.0
    """Reward of a player for a coin that it takes, in points."""
    loss: float = Field(default=2.0, ge=0)
    """Loss of a player whenever another player takes a coin of its colour, in points."""
    pooled_share: float = Field(default=0.0, ge=0, le=1)
    """Share of all rewards that is divided equally among the players: 0 for selfish players, 1 for a team."""

    @model_validator(mode="after")
    def _has_room(self) -> Parameters:
        cells = self.height * self.width
        if cells <= self.players:
            raise ValueError(
                f"a grid of {self.height} by {self.width} has {cells} cells; expected more than players={self.players},"
                " so that a coin has a free cell"
            )
        return self
