"""One phase of a curriculum, as a scenario writes it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from econsim.errors import UserError, did_you_mean
from econsim.game import Game
from econsim.leader_evaluation import leader_of
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
    planner: Annotated[Chosen, FromRoom("planners")] | None = None
    """Who stands in for the planner."""
    start: str | None = None
    """Whose weights minds begin with: the name of an earlier phase, ``fresh``, or none: as the last phase left them."""
    shared: bool = False
    """Go through it once for all planners that workers are retrained under; phases that are shared come first."""

    def stand_ins(self, game: Game[Any]) -> dict[str, Chosen]:
        """Return who stands in, by role.

        Raises:
            UserError: an unknown role, or a planner where not one role leads.
        """
        for role in self.agents:
            if role not in game.roles:
                known = did_you_mean(role, game.roles)
                raise UserError(f"training: phase {self.name}: unknown role {role!r}{known}")
        leader = {} if self.planner is None else {leader_of(game): self.planner}
        return {**self.agents, **leader}
