"""Protocols of learning and solving: what fits agents, where it reports, and how far from equilibrium they are.

A learner reports to a :class:`Recorder`, never to a folder. An agent that must be fitted
(:class:`econsim.game.FittedAgent`) fits itself, or a learner of ``econsim.training`` fits it together with others. A
solver returns its agents with a certificate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from econsim.game import FittedAgent

if TYPE_CHECKING:
    from econsim.game import Agent, Game, Role
    from econsim.parameters import Chosen

__all__ = [
    "MEASURED",
    "Certificate",
    "FitsSeedsTogether",
    "HasDefaultLearner",
    "Learner",
    "Recorder",
    "SelfFit",
    "SelfFitting",
    "SharesPhases",
    "Solution",
    "Solver",
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


@dataclass(frozen=True)
class Certificate:
    """Bounds on what a player gains by deviating alone, in units of its return.

    Attributes:
        lower: a gain that a deviation of the class reaches.
        upper: no deviation of the class gains more; ``None`` where nothing bounds the gain from above.
        deviation_class: the deviations that are allowed, in words.
        method: how the bounds were found.

    Raises:
        ValueError: the lower bound is above the upper one.
    """

    lower: float
    upper: float | None
    deviation_class: str
    method: str

    def __post_init__(self) -> None:
        if self.upper is not None and self.lower > self.upper:
            raise ValueError(f"certificate: the lower bound {self.lower:g} is above the upper one {self.upper:g}")


@dataclass(frozen=True)
class Solution:
    """What a solver found: agents by role, what its equations lack by name (zero at a solution), and a certificate.

    The certificate bounds the largest gain of any player, and is computed from the agents, not by the solver's method.
    """

    agents: Mapping[str, Agent]
    residuals: Mapping[str, float]
    certificate: Certificate


class Solver(Protocol):
    """Computes agents of a game by an exact method; the same game gives the same solution."""

    def solve(self, game: Game[Any], fixed: Mapping[str, Agent], time_limit: float | None = None) -> Solution:
        """Return agents for all roles that ``fixed`` leaves open.

        Args:
            game: the game.
            fixed: agents of roles that are not to be solved for; they are part of the solution as they are.
            time_limit: seconds after which the best agents so far are returned, with the certificate that they have.

        Raises:
            UserError: the solver is not for such a game; the message names what it is for.
        """


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
