"""Events of a scenario while it is played: the planner of a reform, and the messages that are read from a step on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game, Observation, Role
from econsim.llm.protocols import AnswersQuestions, EstimatesCalls, UsesLlm, model_name
from econsim.llm.role_service import Message
from econsim.mechanisms.voting import Election, HoldsElections
from econsim.scenario import Scenario
from econsim.scenario.plan import must_be_fitted

__all__ = ["ReformedPlanner", "check_events", "messages_of", "with_reforms"]


@dataclass(frozen=True)
class _Memory:
    """The step that comes next, from 1, and the memory of the planner in office with its number."""

    game: Game[Any]
    role: Role
    num_envs: int
    step: int
    number: int
    inner: Any


class ReformedPlanner:
    """A planner, and others that take over from given steps on, each with an empty memory."""

    def __init__(self, planners: Sequence[tuple[int, Agent]]) -> None:
        """Take planners with the steps from which they are in office; the first step is 1."""
        self._planners = sorted(planners, key=lambda pair: pair[0])

    @property
    def model_name(self) -> str:
        """The name in ``llm.models`` of the model that the first of the planners asks."""
        return model_name(self._planners[0][1])

    @property
    def elections(self) -> list[Election] | None:
        """Where the first planner keeps a record of its elections; others hold none, since these need a fit."""
        first = self._planners[0][1]
        return first.elections if isinstance(first, HoldsElections) else None

    @elections.setter
    def elections(self, record: list[Election] | None) -> None:
        first = self._planners[0][1]
        if isinstance(first, HoldsElections):
            first.elections = record

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Return the memory of the first planner."""
        return _Memory(game, role, num_envs, 1, 0, self._planners[0][1].start(game, role, num_envs))

    def act(self, observation: Observation, memory: _Memory, key: Tensor) -> tuple[Tensor, _Memory]:
        """Return the action of the planner in office."""
        number, inner = sum(step <= memory.step for step, _ in self._planners) - 1, memory.inner
        planner = self._planners[number][1]
        if number != memory.number:
            inner = planner.start(memory.game, memory.role, memory.num_envs)
        action, inner = planner.act(observation, inner, key)
        return action, _Memory(memory.game, memory.role, memory.num_envs, memory.step + 1, number, inner)


class LanguageReform(ReformedPlanner):
    """Planners of which at least one asks a language model."""

    def connect(self, service: AnswersQuestions) -> None:
        """Set the service to which all questions are sent."""
        for _, planner in self._planners:
            if isinstance(planner, UsesLlm):
                planner.connect(service)

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimates of calls, input and output tokens of the planner that asks most."""
        asking = [planner for _, planner in self._planners if isinstance(planner, EstimatesCalls)]
        return max(planner.forecast(game, role, num_envs) for planner in asking)


def with_reforms(planner: Agent, scenario: Scenario) -> Agent:
    """Return the scenario's own planner with those that its events put into office."""
    reforms = [(event.step, event.planner.build()) for event in scenario.events if event.planner is not None]
    if not reforms:
        return planner
    planners = [(1, planner), *reforms]
    asks = any(isinstance(each, UsesLlm) for _, each in planners)
    return LanguageReform(planners) if asks else ReformedPlanner(planners)


def messages_of(scenario: Scenario) -> tuple[Message, ...]:
    """Return the messages that players read."""
    return tuple(Message(event.step, event.message, event.to or "") for event in scenario.events if event.message)


def check_events(scenario: Scenario, game: Game[Any], leader: str | None) -> None:
    """Raise :class:`UserError` if an event cannot happen in the game of a scenario."""
    for number, event in enumerate(scenario.events):
        key = f"events.{number}"
        if event.step > game.horizon:
            raise UserError(f"{key}.step: expected at most {game.horizon}, the last step, found {event.step}")
        roles = {role.partition("/")[0] for role in game.roles}
        if event.to is not None and event.to not in roles:
            raise UserError(f"{key}.to: there is no role {event.to!r}{did_you_mean(event.to, roles)}")
        if event.planner is not None and (leader is None or scenario.planner is None):
            raise UserError(f"{key}.planner: this scenario has no planner who could be replaced")
        if event.planner is not None and must_be_fitted(event.planner):
            raise UserError(
                f"{key}.planner: kind {event.planner.kind.name} must be fitted before it plays; choose one that needs"
                " no fitting, such as flat, fixed or llm"
            )
