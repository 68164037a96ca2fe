"""PettingZoo's two interfaces as one: in each step some agents act, and every agent may be rewarded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from econsim.errors import UserError

try:
    from pettingzoo import AECEnv as AECEnv
    from pettingzoo import ParallelEnv as ParallelEnv  # also for the module of the game
except ImportError as error:
    raise UserError("pettingzoo is not installed: pip install 'econsim[interop]'") from error


@dataclass(frozen=True)
class Moment:
    """What an environment shows after a step, by agent; agents that have left are missing.

    ``over``: no agent is left. ``truncated``: the episode is over because of a time limit.
    """

    observations: Mapping[str, Any]
    infos: Mapping[str, Mapping[str, Any]]
    acting: frozenset[str]
    rewards: Mapping[str, float] = field(default_factory=dict)
    over: bool = False
    truncated: bool = False


ENDED = Moment({}, {}, frozenset(), over=True)
"""What an environment shows whose episode is over."""


class Driver(ABC):
    """One environment, and what it shows now."""

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.moment = ENDED

    def reset(self, seed: int) -> Moment:
        """Start an episode."""
        self.moment = self._reset(seed)
        return self.moment

    def step(self, action_of: Callable[[str], Any]) -> Moment:
        """Advance by one step; ``action_of`` returns the action of each agent that acts."""
        self.moment = self._step({agent: action_of(agent) for agent in self.moment.acting})
        return self.moment

    @abstractmethod
    def _reset(self, seed: int) -> Moment: ...

    @abstractmethod
    def _step(self, actions: Mapping[str, Any]) -> Moment: ...


class Parallel(Driver):
    """An environment in which agents act at the same time.

    An agent whose ``info`` has the entry ``acting`` with the value false does not act in the next step.
    """

    def _reset(self, seed: int) -> Moment:
        observations, infos = self.environment.reset(seed=seed)
        return self._moment(observations, infos, {}, {}, {})

    def _step(self, actions: Mapping[str, Any]) -> Moment:
        observations, rewards, terminated, truncated, infos = self.environment.step(dict(actions))
        return self._moment(observations, infos, rewards, terminated, truncated)

    def _moment(
        self,
        observations: Mapping[str, Any],
        infos: Mapping[str, Mapping[str, Any]],
        rewards: Mapping[str, float],
        terminated: Mapping[str, bool],
        truncated: Mapping[str, bool],
    ) -> Moment:
        left = [agent for agent in self.environment.agents if not (terminated.get(agent) or truncated.get(agent))]
        about = {agent: infos.get(agent, {}) for agent in left}
        acting = frozenset(agent for agent in left if about[agent].get("acting", True))
        seen = {agent: observations[agent] for agent in left}
        return Moment(seen, about, acting, dict(rewards), not left, not left and _by_time(terminated, truncated))


class Sequential(Driver):
    """An environment in which agents act one after another (AEC); agents that have left are stepped through."""

    def _reset(self, seed: int) -> Moment:
        self.environment.reset(seed=seed)
        return self._moment({})

    def _step(self, actions: Mapping[str, Any]) -> Moment:
        self.environment.step(actions[self.environment.agent_selection])
        return self._moment(dict(self.environment.rewards))

    def _moment(self, rewards: Mapping[str, float]) -> Moment:
        env = self.environment
        terminated, truncated = dict(env.terminations), dict(env.truncations)
        while env.agents and self._has_left(env.agent_selection):
            env.step(None)
        left = [agent for agent in env.agents if not self._has_left(agent)]
        acting = frozenset([env.agent_selection] if left else [])
        seen = {agent: env.observe(agent) for agent in left}
        about = {agent: env.infos.get(agent, {}) for agent in left}
        return Moment(seen, about, acting, rewards, not left, not left and _by_time(terminated, truncated))

    def _has_left(self, agent: str) -> bool:
        return bool(self.environment.terminations[agent] or self.environment.truncations[agent])


def driver_of(environment: Any) -> Driver:
    """Return the driver of an environment.

    Raises:
        UserError: it is not a PettingZoo environment, or does not list its agents.
    """
    if isinstance(environment, AECEnv):
        kind: type[Driver] = Sequential
    elif isinstance(environment, ParallelEnv):
        kind = Parallel
    else:
        raise UserError(
            f"from_pettingzoo: expected a PettingZoo environment (ParallelEnv or AECEnv), found"
            f" {type(environment).__name__}"
        )
    if not getattr(environment, "possible_agents", None):
        raise UserError(
            f"from_pettingzoo: {environment} has no possible_agents; a game needs the list of all agents that may take"
            " part"
        )
    return kind(environment)


def _by_time(terminated: Mapping[str, bool], truncated: Mapping[str, bool]) -> bool:
    return any(truncated.get(agent) and not terminated.get(agent) for agent in truncated)
