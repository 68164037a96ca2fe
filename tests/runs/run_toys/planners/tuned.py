"""Tuned rate: announces what the learner ``tune`` found."""

from __future__ import annotations

from typing import ClassVar

from econsim.parameters import Model
from run_toys.planners import mind

__all__ = ["Parameters", "Tuned"]


class Parameters(Model):
    """None."""


class Tuned(mind.Mind):
    """Announces one fitted rate."""

    default_learner: ClassVar[str] = "tune"
