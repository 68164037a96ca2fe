"""Phases of a curriculum, as written in a scenario."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from econsim.errors import UserError, did_you_mean
from econsim.game import Game
from econsim.leader_evaluation import leader_of
from econsim.parameters import Chosen, FromRoom, Model

FRESH = "fresh"


class Phase(Model):
    """One phase: a learning algorithm, and the agents that play during the phase."""

    name: str = Field(pattern=r"^\w[\w -]{0,59}$")
    """Name of the phase in the log and in metrics."""
    training: Annotated[Chosen, FromRoom("training")]
    """The learning algorithm: a kind of training and its parameters (for ``ppo``, ``train`` lists the roles that learn
    and ``parameters`` the game parameters that change)."""
    agents: dict[str, Annotated[Chosen, FromRoom("agents", then="planners")]] = Field(default_factory=dict)
    """Agents, by role, that replace those of the scenario during the phase."""
    planner: Annotated[Chosen, FromRoom("planners")] | None = None
    """Planner that replaces that of the scenario during the phase."""
    start: str | None = None
    """Initial weights of the policy networks: the name of an earlier phase, for the weights at its end; ``fresh``, for
    new random weights; or none, for the weights at the end of the last phase."""
    shared: bool = False
    """Whether the phase is the same for all planners under which workers are retrained, so that it is run only once;
    shared phases must come first."""

    def stand_ins(self, game: Game[Any]) -> dict[str, Chosen]:
        """Return the agents that replace those of the scenario, by role.

        Raises:
            UserError: a role does not exist, or a planner is given and the game does not have exactly one leading role.
        """
        for role in self.agents:
            if role not in game.roles:
                suggestion = did_you_mean(role, game.roles)
                raise UserError(f"training: phase {self.name}: unknown role {role!r}{suggestion}")
        leader = {} if self.planner is None else {leader_of(game): self.planner}
        return {**self.agents, **leader}
