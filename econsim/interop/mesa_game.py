"""Games from Mesa models: agents of econsim decide for agents of the model, whose rules stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from econsim.errors import UserError
from econsim.interop._spaces import Array, spaces
from econsim.interop._turns import ParallelEnv
from econsim.interop.pettingzoo_game import PettingZooGame, from_pettingzoo

try:
    import mesa
except ImportError as error:
    raise UserError("mesa is not installed: pip install 'econsim[mesa]'") from error

__all__ = ["MesaEnvironment", "from_mesa"]


def from_mesa(
    model_class: type[mesa.Model],
    horizon: int,
    *,
    features: Sequence[str],
    actions: Sequence[str],
    reward: str | Callable[[Any], float],
    deciding: type[mesa.Agent] | None = None,
    parameters: Mapping[str, Any] | None = None,
    discount: float = 1.0,
    description: str = "",
) -> PettingZooGame:
    """Return a Mesa model as a game, in which PPO, rules and language models decide for its agents.

    Before each ``model.step()`` every deciding agent gets an attribute ``action``, the index of its choice, which its
    own code reads when it is activated: the order of events is that of the model. Agents that the model removes leave
    the game. The model must draw all random numbers from ``model.rng`` or ``model.random``, and accept ``rng``.

    Args:
        model_class: the class of the model, built as ``model_class(rng=seed, **parameters)``.
        horizon: number of steps of an episode; an episode ends earlier if ``model.running`` becomes false.
        features: names of attributes or properties of agents, numbers or booleans, that a deciding agent observes.
        actions: names of the choices.
        reward: the attribute whose rise during a step is the reward, or a function from an agent to its reward, which
            is called after each step.
        deciding: the class of the deciding agents; by default all agents, which must then be of one class.
        parameters: of the model.
        discount: the weight of a reward relative to a reward one step earlier.
        description: the rules in words, for language models; by default, the docstring of the model.

    Raises:
        UserError: Mesa is not installed; the model does not accept these arguments; it has no agent that decides; or an
            agent lacks an attribute, or has one that is not a number.
    """
    make = partial(
        MesaEnvironment, model_class, tuple(features), tuple(actions), reward, deciding, dict(parameters or {})
    )
    words = description or (model_class.__doc__ or "").strip()
    return from_pettingzoo(make, horizon, scale=False, discount=discount, description=words)


class MesaEnvironment(ParallelEnv[str, Any, Any]):
    """A Mesa model as a parallel environment of PettingZoo; :func:`from_mesa` describes the arguments."""

    metadata = {"name": "mesa"}  # noqa: RUF012
    _agent_of: dict[Any, Any]  # the agents of the model by name
    model: Any

    def __init__(
        self,
        model_class: Callable[..., Any],
        features: tuple[str, ...],
        actions: tuple[str, ...],
        reward: str | Callable[[Any], float],
        deciding: type[mesa.Agent] | None,
        parameters: dict[str, Any],
    ) -> None:
        """Build the model once, to count its agents."""
        self._make: Callable[..., Any] = partial(model_class, **parameters)
        self._name, self._features, self._reward, self._deciding = (
            getattr(model_class, "__name__", "the model"),
            features,
            reward,
            deciding,
        )
        self._start(0)
        stem = type(next(iter(self._agent_of.values()))).__name__.lower()
        self.possible_agents = [f"{stem}_{index}" for index in range(len(self._agent_of))]
        observation = spaces.Box(-np.inf, np.inf, (len(features),), np.float64)
        self._observation_spaces = dict.fromkeys(self.possible_agents, observation)
        self._action_spaces = {agent: spaces.Discrete(len(actions)) for agent in self.possible_agents}

    def observation_space(self, agent: str) -> Any:
        """Return the space of an agent's features."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        """Return the space of an agent's choices."""
        return self._action_spaces[agent]

    def reset(self, seed: int | None = None, options: Any = None) -> tuple[dict[str, Array], dict[str, Any]]:
        """Build the model anew with a seed."""
        self._start(0 if seed is None else seed)
        if len(self._agent_of) != len(self.possible_agents):
            raise UserError(
                f"from_mesa: {self._name} has {len(self._agent_of)} agents with the seed {seed} and"
                f" {len(self.possible_agents)} with the seed 0; their number must not depend on the seed"
            )
        self._agent_of = dict(zip(self.possible_agents, self._agent_of.values(), strict=True))
        self.agents = list(self.possible_agents)
        return {agent: self._seen(agent) for agent in self.agents}, {agent: {} for agent in self.agents}

    def step(self, actions: Mapping[str, int]) -> Any:
        """Give each agent its action, and step the model."""
        before = {agent: self._level(agent) for agent in self.agents}
        for agent in self.agents:
            self._agent_of[agent].action = int(actions[agent])
        self.model.step()
        remaining = set(self.model.agents)
        left = {agent: self._agent_of[agent] not in remaining or not self.model.running for agent in self.agents}
        rewards = {agent: self._earned(agent, before[agent]) for agent in self.agents}
        seen = {agent: self._seen(agent) for agent in self.agents}
        played, self.agents = self.agents, [agent for agent in self.agents if not left[agent]]
        return seen, rewards, left, dict.fromkeys(played, False), {agent: {} for agent in played}

    def _start(self, seed: int) -> None:
        try:
            self.model = self._make(rng=seed)
        except TypeError as error:
            raise UserError(
                f"from_mesa: {self._name}(rng=..., **parameters) cannot be built: {error}; let __init__ accept rng and"
                " hand it to super().__init__(rng=rng)"
            ) from error
        agents = [agent for agent in self.model.agents if self._deciding is None or isinstance(agent, self._deciding)]
        if not agents or len({type(agent) for agent in agents}) > 1:
            kinds = ", ".join(sorted({type(agent).__name__ for agent in agents})) or "none"
            raise UserError(f"from_mesa: expected agents of one class that decide, found {kinds}; give it as deciding")
        self._agent_of = dict(enumerate(agents))

    def _level(self, agent: str) -> float:
        """Return the attribute whose rise is the reward; zero where a function gives the reward."""
        return self._number(self._agent_of[agent], self._reward) if isinstance(self._reward, str) else 0.0

    def _earned(self, agent: str, before: float) -> float:
        if isinstance(self._reward, str):
            return self._level(agent) - before
        return float(self._reward(self._agent_of[agent]))

    def _seen(self, agent: str) -> Array:
        return np.array([self._number(self._agent_of[agent], name) for name in self._features])

    def _number(self, owner: Any, name: str) -> float:
        try:
            return float(getattr(owner, name))
        except AttributeError:
            raise UserError(f"from_mesa: agents of {self._name} have no attribute {name!r}") from None
        except (TypeError, ValueError):
            value = getattr(owner, name)
            raise UserError(f"from_mesa: the attribute {name!r} is {value!r}; expected a number") from None
