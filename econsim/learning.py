"""Protocols of learning: what fits agents, and where it reports.

A learner reports to a :class:`Recorder`, never to a folder. An agent that must be fitted
(:class:`econsim.game.FittedAgent`) fits itself, or a learner of ``econsim.training`` fits it together with others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from econsim.game import FittedAgent

if TYPE_CHECKING:
    from econsim.game import Agent, Game, Role
    from econsim.parameters import Chosen

__all__ = [
    "MEASURED",
    "FitsSeedsTogether",
    "HasDefaultLearner",
    "Learner",
    "Recorder",
    "SelfFit",
    "SelfFitting",
    "SharesPhases",
    "fit_all",
]

MEASURED = "throughput/"
"""Names that begin so are of what was measured: they differ from run to run, all others are functions of the seed."""


class Recorder(Protocol):
    """Where a learner reports. The run folder implements it; tests may keep everything in memory."""

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Note one number of the metrics table."""

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Say how much of the work of this ``fit`` is done, in units of equal cost."""

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Keep what is needed to continue after ``step``: nested mappings of tensors, numbers and strings."""

    def restore(self) -> tuple[int, dict[str, Any]] | None:
        """Return the newest checkpoint of this ``fit`` to continue from, or ``None`` to begin."""


@runtime_checkable
class SelfFitting(FittedAgent, Protocol):
    """An agent that fits itself, by a formula or a search, while all others play as they are."""

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Fit this agent, which plays ``role``; ``agents`` holds who plays each role. One seed gives one result."""


@runtime_checkable
class HasDefaultLearner(FittedAgent, Protocol):
    """An agent that a learner fits with that learner's default settings where the scenario's ``training`` does not."""

    default_learner: ClassVar[str]
    """The kind of that learner in ``econsim.training``."""


class Learner(Protocol):
    """Fits several agents to a game, jointly. Its parameters hold the budget; one seed gives one result."""

    def fits(self, agent: Agent) -> bool:
        """Return whether :meth:`fit` fits this agent; all others play as they are."""

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents, by role, with those fitted that this learner fits."""


@runtime_checkable
class FitsSeedsTogether(Learner, Protocol):
    """A learner that can fit several seeds in one batch (``seeds_at_once`` of a scenario)."""

    def fit_together(
        self,
        game: Game[Any],
        casts: Sequence[Mapping[str, Agent]],
        seeds: Sequence[int],
        recorders: Sequence[Recorder],
    ) -> list[dict[str, Agent]]:
        """Return the agents of each seed, as :meth:`Learner.fit` would return them for it alone."""


@runtime_checkable
class SharesPhases(Learner, Protocol):
    """A learner whose first phases are the same for all policies of a run, so that they are gone through once."""

    def shared_phases(self) -> tuple[Learner, dict[str, Chosen]] | None:
        """Return the learner of the shared phases and who stands in during them, by role; ``None``: nothing is shared.

        A stand-in plays in the place of a policy's agent, which that learner then does not fit.
        """

    def own_phases(self) -> Learner:
        """Return the learner that takes each policy on from there."""


class SelfFit:
    """The learner of one role whose agent fits itself."""

    def __init__(self, role: str) -> None:
        self.role = role

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent fits itself."""
        return isinstance(agent, SelfFitting)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents, the one of the role fitted."""
        agent = agents[self.role]
        assert isinstance(agent, SelfFitting)
        agent.fit(game, game.roles[self.role], agents, seed, recorder)
        return dict(agents)


def fit_all(
    learner: Learner,
    game: Game[Any],
    casts: Sequence[Mapping[str, Agent]],
    seeds: Sequence[int],
    recorders: Sequence[Recorder],
) -> list[dict[str, Agent]]:
    """Fit the agents of several seeds: as one batch where the learner can, else one by one."""
    if isinstance(learner, FitsSeedsTogether):
        return learner.fit_together(game, casts, seeds, recorders)
    given = zip(casts, seeds, recorders, strict=True)
    return [learner.fit(game, agents, seed, recorder) for agents, seed, recorder in given]
