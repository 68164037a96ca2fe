"""Protocols of games whose households save."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor

from econsim.game import Agent, Observation
from econsim.households.equilibrium import Equilibrium, Stops, Taxes, Technology
from econsim.households.exploitability import HouseholdPath
from econsim.households.generation_paths import Ends, GenerationPath
from econsim.households.krusell_smith import LawOfMotion
from econsim.households.overlapping_generations import Generations
from econsim.households.problem import Household

__all__ = ["ForecastsCapital", "HasExactHouseholds", "HasStickyPrices", "SolvesHouseholds", "SolvesLifeCycles"]


@runtime_checkable
class HasExactHouseholds(Protocol):
    """A game that knows what its households do who optimise."""

    def path_actions(self, role: str, observation: Observation, seen: Tensor) -> Tensor:
        """Return optimal actions ``[B, N, *shape]`` on the path to the equilibrium under the policy in force.

        Args:
            role: that of households.
            observation: of this period.
            seen: ``[B, T, G]``, what all observed in each period so far, this one included.

        Raises:
            UserError: there is no such path; the message gives the reason.
        """

    def exact_actions(self, role: str, observation: Observation) -> Tensor:
        """Return optimal actions ``[B, N, *shape]`` in the stationary equilibrium under the policy observed.

        Raises:
            UserError: there is no such equilibrium; the message gives the reason.
        """


@runtime_checkable
class SolvesHouseholds(HasExactHouseholds, Protocol):
    """A game that solves the dynamic programme of its households, who save, at constant prices."""

    @property
    def household_problem(self) -> Household:
        """The problem of its households."""

    @property
    def has_shocks(self) -> bool:
        """Whether there are aggregate shocks; then only :meth:`exact_actions` has an answer."""

    @property
    def has_ages(self) -> bool:
        """Whether households have a life cycle; then :meth:`exact_actions` and :meth:`household_path` have an answer.

        The equilibrium is that of :class:`SolvesLifeCycles`.
        """

    @property
    def has_household_paths(self) -> bool:
        """Whether :meth:`household_path` has an answer."""

    @property
    def technology(self) -> Technology:
        """That of its representative firm."""

    def taxes(self, changes: Mapping[str, float]) -> Taxes:
        """Return the tax rules of the policy in which an episode starts, with some instruments changed.

        Raises:
            UserError: no such instrument, or a value that is not allowed.
        """

    def stationary_equilibrium(self, tolerance: float, stops: Stops) -> Equilibrium:
        """Return the stationary equilibrium under the policy in which an episode starts.

        Args:
            tolerance: of the asset market, relative to capital.
            stops: takes the number of interest rates that were tried and a message, and returns whether to stop.

        Raises:
            UserError: there is none, or the tolerance was not reached; the message gives the reason or the residual.
        """

    def household_path(self, agents: Mapping[str, Agent], key: Tensor, windfall: float | None = None) -> HouseholdPath:
        """Return what households face and choose where these agents play for the whole population, without sampling.

        Args:
            agents: the agent of each role.
            key: ``[E]``, of which the first is used.
            windfall: a one-time transfer, a share of output per household. In the last period each household is asked
                once more what it would do if it alone received it; ``None``: it is not asked.

        Raises:
            UserError: there are aggregate shocks, or some households of the population have nothing to live on.
        """


@runtime_checkable
class ForecastsCapital(Protocol):
    """A game with a status quo that can have aggregate shocks, under which households forecast capital."""

    @property
    def has_shocks(self) -> bool:
        """Whether there are aggregate shocks."""

    def law_of_motion(self, stops: Stops) -> LawOfMotion:
        """Return the law that households forecast with and that their choices lead to.

        Args:
            stops: takes the number of laws that were tried and a message, and returns whether to stop.

        Raises:
            UserError: it did not converge; the message gives the largest change.
        """

    def status_quo(self, role: str) -> Tensor:
        """Return the action that keeps the policy in force before a role acts."""


@runtime_checkable
class SolvesLifeCycles(Protocol):
    """A game that can have households with ages, with the problem that they solve at constant prices."""

    @property
    def has_ages(self) -> bool:
        """Whether households have a life cycle."""

    @property
    def household_problem(self) -> Household:
        """Preferences, productivity and the grid of assets."""

    def life_cycle_equilibrium(self, changes: Mapping[str, float], tolerance: float, stops: Stops) -> Generations:
        """Return the stationary equilibrium under the policy in which an episode starts.

        Args:
            changes: instruments of the government, amounts of its budget, or the given rate of the pension, with new
                values.
            tolerance: of the asset market, relative to capital.
            stops: takes the number of interest rates that were tried and a message, and returns whether to stop.

        Raises:
            UserError: there is none, no such instrument, or the tolerance was not reached.
        """

    def life_cycle_path(
        self, changes: Mapping[str, float], ends: Ends, announced: int, periods: int, stops: Stops
    ) -> GenerationPath:
        """Return the path after a reform that households learn of in period 0.

        Args:
            changes: those of the reform, as in :meth:`life_cycle_equilibrium`.
            ends: the stationary equilibria before and after it.
            announced: the periods until it is in force; zero where it is a surprise.
            periods: after which the economy has to be in the second one.
            stops: takes the number of paths that were tried and a message, and returns whether to stop.

        Raises:
            UserError: there is no such path; the message gives the reason or the residual.
        """

    def status_quo(self, role: str) -> Tensor:
        """Return the action that keeps the policy in force before a role acts."""


@runtime_checkable
class HasStickyPrices(Protocol):
    """A New Keynesian economy with firms, a central bank and a shock of its own."""

    @property
    def household_problem(self) -> Household:
        """The problem of its households, whose hours are a choice."""

    @property
    def monetary_settings(self) -> Mapping[str, float]:
        """Parameters of the solver ``monetary_shock`` that this economy gives, by name."""
