"""Parameters of the gradient planner."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from econsim.parameters import Model

__all__ = ["Parameters"]


class Parameters(Model):
    """Parameters of the gradient planner."""

    method: Literal["entropy_regularised", "implicit", "unrolled", "averaged", "pathwise"] = "entropy_regularised"
    """Model of the followers' responses: choices follow a logit of their values (``entropy_regularised``); followers
    are at an optimum and move with it (``implicit``); they take some gradient steps (``unrolled``); they move along
    with the leader, and decide in its favour where they are indifferent (``averaged``); or their agent's actions are a
    smooth function of what they observe (``pathwise``)."""
    starts: int = Field(64, ge=1, le=10_000)
    """Number of starting points, evaluated in one batch: the middle, the status quo, and random points."""
    iterations: int = Field(300, ge=1, le=1_000_000)
    """Maximum number of steps from each starting point."""
    first_step: float = Field(0.1, gt=0, le=1)
    """Initial step length, as a share of the action's range; it is halved when the value does not improve."""
    finest_step: float = Field(0.001, gt=0, le=1)
    """Step length below which the ascent from a starting point ends."""
    temperature: float = Field(0.002, gt=0)
    """Temperature of the followers' soft choices, in units of their reward (for ``entropy_regularised``)."""
    expectation: Literal["auto", "average", "drawn"] = "auto"
    """For ``entropy_regularised``: ``average``: followers play the mean of their soft choice, without noise; ``drawn``:
    followers draw their choices, in several environment copies; ``auto``: ``average`` if the actions of the game are
    continuous, else ``drawn``."""
    samples: int = Field(32, ge=2, le=100_000)
    """Number of environment copies per point in which followers draw (for ``drawn``)."""
    unrolled_steps: int = Field(10, ge=1, le=10_000)
    """Number of gradient steps of the followers (for ``unrolled``)."""
    unrolled_rate: float = Field(0.05, gt=0)
    """Size of these steps (for ``unrolled``): the move, as a share of the action's range, per unit of the derivative of
    reward with respect to that share."""
    averaged_rate: float = Field(0.1, gt=0)
    """Length of the steps of leader and followers (for ``averaged``), as ``unrolled_rate``; ``iterations`` is their
    number, of which thousands may be needed."""
