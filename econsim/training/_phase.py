"""One phase of a curriculum, as a scenario writes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from econsim.parameters import Chosen, FromRoom, Model

FRESH = "fresh"


class Phase(Model):
    """One phase: a learner, and who plays while it lasts."""

    name: str = Field(pattern=r"^\w[\w -]{0,59}$")
    """What log and metrics call it."""
    training: Annotated[Chosen, FromRoom("training")]
    """The learner: a kind of training and its parameters (``ppo`` says who learns, ``train``, and which parameters of
    the game change, ``parameters``)."""
    agents: dict[str, Annotated[Chosen, FromRoom("agents", then="planners")]] = Field(default_factory=dict)
    """Who stands in for the scenario's agent of a role while the phase lasts."""
    start: str | None = None
    """Whose weights minds begin with: the name of an earlier phase, ``fresh``, or none: as the last phase left them."""
    shared: bool = False
    """Go through it once for all planners that workers are retrained under; phases that are shared come first."""
