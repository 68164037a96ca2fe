"""Parameters of the gradient planner."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from econsim.parameters import Model

__all__ = ["Parameters"]


class Parameters(Model):
    """Parameters of the climb."""

    method: Literal["entropy_regularised", "implicit", "unrolled"] = "entropy_regularised"
    """How followers are taken to answer: they prefer better choices by a logit; they stand at an optimum and move with
    it; or they take some steps uphill from there."""
    starts: int = Field(64, ge=1, le=10_000)
    """Starting points, which climb side by side in one batch: the status quo, the middle, and random ones."""
    iterations: int = Field(300, ge=1, le=1_000_000)
    """Most steps of a start."""
    first_step: float = Field(0.1, gt=0, le=1)
    """Length of the first steps, as a share of the action's range; it is halved where nothing is gained."""
    finest_step: float = Field(0.001, gt=0, le=1)
    """Length at which a start is done."""
    temperature: float = Field(0.002, gt=0)
    """How soft the choices of followers are, in units of their reward (``entropy_regularised``)."""
    expectation: Literal["auto", "average", "drawn"] = "auto"
    """``average``: followers do the average of a soft choice, without noise; ``drawn``: they draw one each, in many
    copies; ``auto``: the first where the game lets actions move smoothly (``entropy_regularised``)."""
    samples: int = Field(32, ge=2, le=100_000)
    """Copies a point in which followers draw (``drawn``)."""
    unrolled_steps: int = Field(10, ge=1, le=10_000)
    """Steps that followers take (``unrolled``)."""
    unrolled_rate: float = Field(0.05, gt=0)
    """Size of these steps: of their action's range, for each unit of reward that a whole range would gain."""
