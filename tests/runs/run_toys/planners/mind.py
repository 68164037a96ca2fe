"""Neural planner of the toys: a rate that the scenario's training moves."""

from __future__ import annotations

from typing import ClassVar

from econsim.parameters import Model
from run_toys.planners import tuned

__all__ = ["Mind", "Parameters"]


class Parameters(Model):
    """None."""


class Mind(tuned.Tuned):
    """Counts as neural."""

    learner: ClassVar[str | None] = "ppo"
