"""Hyper-parameters of PPO for one level, followers or leader."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from econsim.game import Game
from econsim.parameters import Model
from econsim.rl.schedules import Schedule, checked

__all__ = ["Settings"]

_LOWEST = {"learning_rate": (0.0, True), "clip": (0.0, True), "entropy_weight": (0.0, False)}


class Settings(Model):
    """Hyper-parameters of PPO (Schulman et al. 2017).

    A schedule is a number, or points ``[[share of training done, value], ...]`` with linear interpolation.
    """

    learning_rate: Schedule = ((0.0, 1e-3), (1.0, 0.0))
    """Step size of Adam; a schedule."""
    epochs: int = Field(default=4, ge=1)
    """Number of passes over each batch."""
    minibatches: int = Field(default=4, ge=1)
    """Number of minibatches into which a batch is split, at random in each pass."""
    rows_at_once: int | None = Field(default=None, ge=1)
    """Number of rows (sequences, for recurrent networks) for which a gradient is computed at once. The gradients of a
    larger minibatch are accumulated, which limits memory use. None: the whole minibatch."""
    clip: Schedule = 0.2
    """The probability ratio is clipped to ``1 - clip`` and ``1 + clip``; a schedule."""
    value_clip: float | None = Field(default=None, gt=0)
    """Maximum distance of new values from old ones in the value loss; none: no clipping."""
    value_weight: float = Field(default=0.5, ge=0)
    """Weight of the value loss."""
    entropy_weight: Schedule = 0.0
    """Weight of the entropy bonus; a schedule."""
    max_gradient_norm: float = Field(default=0.5, gt=0)
    """Gradients with a larger norm are scaled down to this norm."""
    normalise_advantages: bool = True
    """Scale the advantages of a batch to mean 0 and standard deviation 1."""
    gamma: float | None = Field(default=None, gt=0, le=1)
    """Discount factor per step; none: that of the game."""
    gae_lambda: float = Field(default=1.0, ge=0, le=1)
    """Weight of longer returns in generalised advantage estimation; 1 is suitable for short episodes."""
    sequence_length: int = Field(default=25, ge=1)
    """Length in steps of the sequences for recurrent networks (truncated backpropagation through time)."""

    def for_game(self, game: Game[Any]) -> Self:
        """Return the settings with the discount factor of the game where they do not set one."""
        return self if self.gamma is not None else self.model_copy(update={"gamma": game.discount})

    @model_validator(mode="after")
    def _schedules_make_sense(self) -> Self:
        for name, (lowest, open_below) in _LOWEST.items():
            try:
                checked(getattr(self, name), lowest, open_below)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return self
