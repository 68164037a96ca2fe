"""Protocols of learning and solving: learners, solvers, recorders and certificates.

A learner reports to a :class:`Recorder` and never writes files itself. An agent that must be fitted
(:class:`econsim.game.FittedAgent`) fits itself, or a learner of ``econsim.training`` fits it together with others. A
solver returns its agents with a certificate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from econsim.game import FittedAgent

if TYPE_CHECKING:
    from econsim.game import Agent, Game, Role
    from econsim.parameters import Chosen

ROUNDING = 1e-14  # of float64 sums, relative to the largest term

__all__ = [
    "MEASURED",
    "Certificate",
    "ChecksGame",
    "Curve",
    "Explained",
    "FitsSeedsTogether",
    "HasBudget",
    "HasDefaultLearner",
    "Joint",
    "Learner",
    "PriceTaking",
    "Profile",
    "Quantity",
    "Recorder",
    "SelfFit",
    "SelfFitting",
    "Series",
    "SharesPhases",
    "Solution",
    "Solver",
    "SolverProgress",
    "TotalPayoffs",
    "fit_all",
]

MEASURED = "throughput/"
"""The prefix of measured metrics, such as speeds: they differ between runs, while all others follow from the seed."""


class Recorder(Protocol):
    """The recorder of a learner's metrics, progress and checkpoints. Runs write them to a folder; tests to memory."""

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Record one number of the metrics table."""

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Report how much of the work of this ``fit`` is done, in units of equal cost."""

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Store what is needed to continue after ``step``: nested mappings of tensors, numbers and strings."""

    def restore(self) -> tuple[int, dict[str, Any]] | None:
        """Return the newest checkpoint of this ``fit`` as (step, state), or ``None`` where there is none."""


@runtime_checkable
class SelfFitting(FittedAgent, Protocol):
    """An agent that fits itself, by a formula or a search, while all other agents stay unchanged."""

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Fit this agent, which plays ``role``; ``agents`` holds the agent of each role. One seed gives one result."""


@runtime_checkable
class ChecksGame(FittedAgent, Protocol):
    """An agent that knows before its fit whether a game is one that it can be fitted in."""

    def check(self, game: Game[Any], role: Role) -> None:
        """Check the game and the role; raises ``UserError`` where the fit would."""


@runtime_checkable
class Explained(FittedAgent, Protocol):
    """An agent that says on which inputs its fit rests, or what came of it. Runs print and store what it says."""

    def explanation(self, game: Game[Any]) -> str:
        """Return this in words, after a fit."""


@runtime_checkable
class HasDefaultLearner(FittedAgent, Protocol):
    """An agent with a default learner, which fits it, with default settings, if ``training`` of a scenario does not."""

    default_learner: ClassVar[str]
    """The kind of that learner in ``econsim.training``."""


class Learner(Protocol):
    """A method that fits several agents to a game jointly. Its parameters set the budget; one seed gives one result.

    One that is for some games only has an attribute ``games``, the protocol that these implement, and is not advised
    for others.
    """

    def fits(self, agent: Agent) -> bool:
        """Return whether :meth:`fit` fits this agent; all other agents stay unchanged."""

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents by role, in which those that this learner fits are fitted."""


@runtime_checkable
class HasBudget(Learner, Protocol):
    """A learner that knows how long its fits are, so that the time of one with another budget can be forecast."""

    @property
    def units(self) -> int | None:
        """The number of units of equal cost that a fit reports to its recorder; ``None``: not known in advance."""


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
        """Return the agents of each seed, as :meth:`Learner.fit` would return them for that seed alone."""


@runtime_checkable
class SharesPhases(Learner, Protocol):
    """A learner whose first phases are the same for all policies of a run, so that they are trained only once."""

    def shared_phases(self) -> tuple[Learner, dict[str, Chosen]] | None:
        """Return the learner of the shared phases and the substitute agents by role; ``None``: nothing is shared.

        A substitute plays instead of a policy's agent, which the learner of the shared phases then does not fit.
        """

    def own_phases(self) -> Learner:
        """Return the learner of the remaining phases, which are trained separately for each policy."""


@runtime_checkable
class PriceTaking(Protocol):
    """A game with so many players that none of them moves prices and other aggregates, and with smooth steps."""

    def price_taking(self) -> Game[Any]:
        """Return the game as a single player takes it.

        All values are the same; the derivatives of aggregates with respect to actions and individual states are zero,
        so that the derivative of a sum of rewards with respect to the players' actions is that of each player's own.

        Raises:
            UserError: the rows of an observation are no single players.
        """

    def whole(self) -> Game[Any]:
        """Return the game of the whole population, in the limit of many players and without sampling.

        Its rows are weighted kinds of players, and its steps are smooth in actions.
        """


class SelfFit:
    """The learner of one role with an agent that fits itself."""

    def __init__(self, role: str) -> None:
        self.role = role

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent fits itself."""
        return isinstance(agent, SelfFitting)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents, in which the agent of the role is fitted."""
        agent = agents[self.role]
        assert isinstance(agent, SelfFitting)
        agent.fit(game, game.roles[self.role], agents, seed, recorder)
        return dict(agents)


@dataclass(frozen=True)
class Certificate:
    """Bounds on the largest gain of a player from deviating alone, in units of its return.

    Attributes:
        lower: a gain that some deviation of the class attains.
        upper: a bound that no deviation of the class exceeds; ``None`` where no upper bound is known.
        deviation_class: the deviations that are considered, in words.
        method: how the bounds were computed.

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

    @classmethod
    def of_gain(cls, gain: float, largest_payoff: float, deviation_class: str, method: str) -> Certificate:
        """Return the certificate of a gain that is known exactly, up to the rounding of sums.

        A gain below ``ROUNDING`` times the largest payoff (at least 1) is zero, since float64 sums of payoffs differ by
        as much with the order of their terms.
        """
        gain = gain if gain > ROUNDING * max(1.0, largest_payoff) else 0.0
        return cls(gain, gain, deviation_class, method)

    @property
    def exact(self) -> bool:
        """Whether the largest gain of the deviation class is known: both bounds are the same."""
        return self.lower == self.upper


@dataclass(frozen=True)
class Profile:
    """A profile of mixed strategies, one per player, in a game whose payoffs can be enumerated.

    Players are named as their role, with a number from 1 where the role has several.

    Attributes:
        strategies: the probability of each option, by player.
        payoffs: the expected payoff, by player.
        largest_gain: of any player from its best option; zero in a Nash equilibrium. Computed from the payoffs.
        component: the number of the connected set of equilibria to which the profile belongs, counted from 1.
    """

    strategies: Mapping[str, tuple[float, ...]]
    payoffs: Mapping[str, float]
    largest_gain: float
    component: int

    @property
    def total(self) -> float:
        """The sum of payoffs."""
        return sum(self.payoffs.values())


@dataclass(frozen=True)
class Joint:
    """A joint distribution over profiles of options, from which each player is recommended its option.

    Attributes:
        outcomes: the option of every player, in each profile whose probability is above rounding.
        probabilities: of these profiles.
        payoffs: the expected payoff, by player (named as in :class:`Profile`), in order.
    """

    outcomes: tuple[tuple[int, ...], ...]
    probabilities: tuple[float, ...]
    payoffs: Mapping[str, float]

    @property
    def total(self) -> float:
        """The sum of payoffs."""
        return sum(self.payoffs.values())


class TotalPayoffs(NamedTuple):
    """Sums of payoffs: the lowest and the highest in a set of equilibria, and the highest of any profile."""

    lowest: float
    highest: float
    optimum: float

    @property
    def prices(self) -> tuple[float, float] | None:
        """The prices of anarchy and of stability; ``None`` where sums of payoffs have different signs or are zero."""
        least = 1e-9 * max(abs(self.lowest), abs(self.optimum))  # smaller sums are rounding
        if self.lowest > least:
            return self.optimum / self.lowest, self.optimum / self.highest
        if self.optimum < -least:
            return self.lowest / self.optimum, self.highest / self.optimum
        return None


@dataclass(frozen=True)
class Quantity:
    """A number of a solution that is not a strategy, such as a price.

    Attributes:
        group: what it belongs to, such as "prices".
        name: in words.
        value: in its unit.
        unit: "" for a plain number; "share" for a fraction, which tables show in percent.
    """

    group: str
    name: str
    value: float
    unit: str = ""


class Curve(NamedTuple):
    """A number by the value of one parameter.

    Attributes:
        name: of the number, in words.
        parameter: in words.
        at: values of the parameter, shares, ascending.
        values: of the number, one for each of them.
        unit: of the number, as that of :class:`Quantity`.
        now: the value of the parameter without a change; ``None`` where it is not known.
        best: the value at which the number is largest; ``None`` where there is none or it is not of interest.
    """

    name: str
    parameter: str
    at: tuple[float, ...]
    values: tuple[float, ...]
    unit: str = ""
    now: float | None = None
    best: float | None = None


class Series(NamedTuple):
    """A path of a solution over time, or a profile by age.

    Attributes:
        name: in words.
        unit: as that of :class:`Quantity`.
        values: by period, or by age.
        before: the value before the first period; ``None`` where there is no such level.
        after: the value that it converges to; ``None`` where there is no such level.
        axis: what the values are ordered by.
        first: the period or age of the first value.
        reformed: the values after a reform, to be compared with ``values``; ``None`` where there are none.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    before: float | None
    after: float | None
    axis: str = "period"
    first: int = 0
    reformed: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Solution:
    """The result of a solver.

    Attributes:
        agents: the agent of each role. Agents draw independently; where the result is a joint distribution, each plays
            its marginal distribution.
        residuals: residuals of the solver's equations by name.
        certificate: bounds on the largest gain of any player, computed from the agents, or from the joint distribution
            where there is one, not by the solver's method.
        profiles: every profile that was found, where strategies can be listed; the agents play one of them.
        notes: what a reader has to know about the result, in words.
        joint: the joint distribution, where the result is a correlated equilibrium.
        gaps: of solvers that iterate, the number of iterations done and the gap of the best agents so far, in payoffs,
            as the solver measures it (its documentation says which gap).
        quantities: prices, aggregates and statistics, where the result has such numbers.
        series: paths over time, where the result has such paths.
        curves: numbers by the value of a parameter, where the result has such curves.
    """

    agents: Mapping[str, Agent]
    residuals: Mapping[str, float]
    certificate: Certificate
    profiles: tuple[Profile, ...] = ()
    notes: tuple[str, ...] = ()
    joint: Joint | None = None
    gaps: tuple[tuple[int, float], ...] = ()
    quantities: tuple[Quantity, ...] = ()
    series: tuple[Series, ...] = ()
    curves: tuple[Curve, ...] = ()


class SolverProgress(Protocol):
    """A function that shows the progress of a solver, and says whether the user wants it to stop."""

    def __call__(self, done: int, total: int, message: str = "") -> bool:
        """Show that ``done`` of at most ``total`` units of equal cost are done.

        Returns:
            Whether the solver has to stop, and return the best agents found so far with their certificate.
        """


class Solver(Protocol):
    """An exact method that computes agents of a game; the same game gives the same solution."""

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return agents of all roles; those in ``fixed`` are given.

        Args:
            game: the game.
            fixed: agents of roles that are not solved for; they are returned unchanged as part of the solution.
            time_limit: seconds after which the best agents found so far are returned, with their certificate.
            progress: called while the solver iterates; a solver that does not iterate ignores it.

        Raises:
            UserError: the solver does not apply to the game; the message says to which games it applies.
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
    runs = zip(casts, seeds, recorders, strict=True)
    return [learner.fit(game, agents, seed, recorder) for agents, seed, recorder in runs]
