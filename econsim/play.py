"""Simulation of whole episodes: actions of all agents, returns of all players, and the final state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Role, leaves, tree_map
from econsim.storage.states import load_state, save_state

Watch = Callable[[Any, Tensor], object]
"""A function that is called with states and with which copies had ended before them, ``[B]`` bool."""


@dataclass(frozen=True)
class Episode:
    """The result of an episode: the final state, and the discounted returns by role ``{role: [B, N]}``, float64."""

    state: Any
    returns: dict[str, Tensor]


@runtime_checkable
class Speaks(Protocol):
    """An agent whose players may write to others before anybody acts; only in episodes that score policies."""

    def speak(self, observation: Observation, memory: Any, key: Tensor) -> Any:
        """Exchange messages for the step that follows, with the same arguments as ``act``; return the next memory."""


@dataclass(frozen=True)
class Fork:
    """Episodes that were stopped after ``step`` steps, from which they go on in one way or another (:func:`play_on`).

    ``over`` ``[B]``: the copies that have ended; ``returns``: those so far; ``memories`` of the ``agents`` by role.
    """

    key: Tensor
    step: int
    state: Any
    over: Tensor
    returns: Mapping[str, Tensor]
    agents: Mapping[str, Agent]
    memories: Mapping[str, Any]


def play(game: Game[Any], agents: Mapping[str, Agent], key: Tensor, watch: Watch | None = None) -> Episode:
    """Play one episode in each environment copy, from keys ``[B]``; copies that end early receive no further rewards.

    Agents that speak (:class:`econsim.play.Speaks`) do so in every step before anybody acts. Every agent draws from a
    key of its role, so that one role's policy does not change another's draws. ``watch`` is called with every state,
    including the first, and with which copies had ended before it, ``[B]`` bool. In a game that
    :attr:`~econsim.game.Game.rests`, nothing is played once all copies have ended; ``watch`` still sees every step.
    """
    end = play_until(game, agents, key, game.horizon, watch)
    return Episode(end.state, dict(end.returns))


def play_until(
    game: Game[Any], agents: Mapping[str, Agent], key: Tensor, step: int, watch: Watch | None = None
) -> Fork:
    """Play the first ``step`` steps of episodes, as :func:`play`."""
    state = game.reset(key)
    over = torch.zeros(len(key), dtype=torch.bool, device=key.device)
    if watch is not None:
        watch(state, over)
    return _played(game, Fork(key, 0, state, over, {}, {}, {}), agents, step, watch)


def play_on(game: Game[Any], agents: Mapping[str, Agent], fork: Fork, watch: Watch | None = None) -> Episode:
    """Play the rest of episodes; with the same game and agents they end as if they had never been stopped.

    Shocks and the draws of agents are those of an uninterrupted episode. An agent that is not one of the fork's starts
    with the memory of the start of an episode. ``watch`` is called with every state after the fork.

    Args:
        game: the game, or another one with the same states.
        agents: the agents of all roles from now on.
        fork: where to go on.
        watch: as of :func:`play`.
    """
    end = _played(game, fork, agents, game.horizon, watch)
    return Episode(end.state, dict(end.returns))


def save_fork(fork: Fork, folder: Path) -> None:
    """Write a fork as a folder, without the memories of agents, so that episodes can go on later.

    Raises:
        RunError: the disk is full; an existing folder is left unchanged.
    """
    content = {"step": fork.step, "key": fork.key, "over": fork.over, "returns": dict(fork.returns)}
    save_state(folder, {**content, "state": leaves(fork.state)})


def load_fork(folder: Path, game: Game[Any]) -> Fork:
    """Return the fork that :func:`save_fork` wrote; all agents start with the memory of the start of an episode.

    Raises:
        RunError: the folder holds no readable fork.
        UserError: the fork is of a game with other states.
    """
    saved = load_state(folder, "save the fork again")
    if saved.keys() != {"step", "key", "over", "returns", "state"}:
        raise UserError(f"{folder}: no saved fork of episodes; write one with econsim.play.save_fork")
    template = game.reset(saved["key"].to(game.device))
    named, stored = leaves(template), saved["state"]
    if {name: leaf.shape for name, leaf in named.items()} != {name: leaf.shape for name, leaf in stored.items()}:
        raise UserError(f"{folder}: the saved fork is of a game with other states than {type(game).__name__}")
    values = iter(stored[name] for name in named)
    state = tree_map(lambda leaf: next(values).to(leaf), template)
    key, over = (saved[name].to(game.device) for name in ("key", "over"))
    returns = {role: paid.to(game.device) for role, paid in saved["returns"].items()}
    return Fork(key, saved["step"], state, over, returns, {}, {})


def _played(game: Game[Any], fork: Fork, agents: Mapping[str, Agent], until: int, watch: Watch | None) -> Fork:
    state, over, returns, key = fork.state, fork.over, dict(fork.returns), fork.key
    memories = {
        name: fork.memories[name] if fork.agents.get(name) is agents[name] else agents[name].start(game, role, len(key))
        for name, role in game.roles.items()
    }
    speakers = {name: agent for name, agent in agents.items() if isinstance(agent, Speaks) and name in game.roles}
    for time in range(fork.step, until):
        if game.rests and not speakers and bool(over.all()):
            if watch is not None:
                for _ in range(time, until):
                    watch(state, over)
            break
        seen, actions = game.observe(state), {}
        for name, speaker in speakers.items():
            memories[name] = speaker.speak(seen[name], memories[name], random.fold(random.fold(key, name), time))
        for name in game.roles:
            draw = random.fold(random.fold(key, name), time)
            actions[name], memories[name] = agents[name].act(seen[name], memories[name], draw)
        transition = game.step(state, actions)
        for name, reward in transition.rewards.items():
            paid = reward.double() * ~over[:, None] * game.discount**time
            returns[name] = returns[name] + paid if name in returns else paid
        state = transition.state
        if watch is not None:
            watch(state, over)
        over = over | transition.terminated | transition.truncated
    return Fork(key, max(until, fork.step), state, over, returns, dict(agents), memories)


def counted(
    progress: Callable[[int, int, str], object], before: int, total: int, message: str
) -> Callable[[Any, Tensor], None]:
    """Return a function for ``watch`` of :func:`play` that reports one more unit at every state.

    Args:
        progress: receives the units done, their total, and the message.
        before: units that were done earlier.
        total: total number of units; an episode has ``game.horizon + 1`` states.
        message: what is being done.
    """
    units = count(before + 1)

    def watch(_state: Any, _over: Tensor) -> None:
        progress(min(next(units), total), total, message)

    return watch


class ConstantPolicy(ABC):
    """A policy that takes the same action in every step of an episode; subclasses define the action."""

    @abstractmethod
    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the action: ``[*shape]``, ``[B, *shape]`` (one per copy) or ``[B, N, *shape]`` (one per player).

        May raise :class:`UserError`.
        """

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Tensor:
        """Return the action, ``[1 | B, 1 | N, *shape]``: real numbers in the game's precision, indices unchanged."""
        action = self.action(game, role)
        more_axes = action.ndim - len(role.action.shape)
        if more_axes not in (0, 1, 2) or action.shape[more_axes:] != role.action.shape:
            raise UserError(
                f"{role.name}: expected an action of shape {list(role.action.shape)}, found {list(action.shape)}"
            )
        by_player = action[None, None] if more_axes == 0 else action[:, None] if more_axes == 1 else action
        return by_player.to(device=game.device, dtype=game.dtype if action.is_floating_point() else None)

    def act(self, observation: Observation, memory: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Return the action of every player, ``[B, N, *shape]``."""
        return memory.expand(*observation.alive.shape, *memory.shape[2:]), memory


class HeldAction(ConstantPolicy):
    """A constant policy with a given action; gradients propagate through the action.

    Args:
        action: ``[*shape]``, ``[B, *shape]`` or ``[B, N, *shape]``; see :meth:`ConstantPolicy.action`.
    """

    def __init__(self, action: Tensor) -> None:
        self._action = action

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the given action."""
        return self._action
