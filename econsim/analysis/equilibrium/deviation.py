"""Unilateral deviations: the game in which a deviator acts in the place of one player of a role.

All other players keep their policies, including those of the same role, so that the return of the deviator minus that
of the player it replaces is the gain of a *unilateral* deviation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game, Memory, Observation, Role, Transition, tensors, tree_map
from econsim.held_tensors import tree_where

__all__ = ["DEVIATOR", "Deviating", "Deviation", "Seated", "following_role", "in_seat"]

DEVIATOR = "deviator"


def following_role(game: Game[Any], role: str) -> Role:
    """Return a role that follows.

    Raises:
        UserError: the game has no such role, or it leads.
    """
    if role not in game.roles:
        raise UserError(f"{type(game).__name__} has no role {role!r}{did_you_mean(role, game.roles)}")
    if game.roles[role].leads:
        raise UserError(f"role {role} leads: followers respond to its action, so that it has no unilateral deviation")
    return game.roles[role]


@tensors
class Seated:
    """A state of the game, and the seat of the deviator."""

    inner: Any  # state of the game
    seat: Tensor  # [B] int64, index of a player of the role
    time: Tensor  # [B] int64, steps
    over: Tensor  # [B] bool, the game has ended; only where episodes are padded


class Deviation(Game[Seated]):
    """``game`` with one more role, ``deviator``: a player with the observations, actions and rewards of one seat.

    The seat is drawn from the copy's key, so that over many copies every player is replaced. The action of the role's
    own agent for that seat is ignored. The game has no accounts: only returns are compared.

    With ``padded``, an episode that ends early is followed by steps in which nobody acts and nothing is paid, up to the
    horizon: every rollout of ``horizon`` steps then contains whole episodes, and no return is estimated at a cut.
    """

    def __init__(self, game: Game[Any], role: str, padded: bool = False) -> None:
        """Raises ``UserError`` unless ``role`` is a following role, and no role is called ``deviator``."""
        if DEVIATOR in game.roles:
            raise UserError(f"{type(game).__name__} already has a role {DEVIATOR!r}; rename that role")
        self.game, self.role, self.padded = game, role, padded
        self.parameters, self.dtype = game.parameters, game.dtype
        self.horizon, self.unit, self.clocked = game.horizon, game.unit, game.clocked or padded
        self.discount, self.constants = game.discount, game.constants
        self.roles = {**game.roles, DEVIATOR: replace(following_role(game, role), name=DEVIATOR, count=1)}

    @property
    def device(self) -> torch.device:
        """Where the game's tensors are."""
        return self.game.device

    def reset(self, key: Tensor) -> Seated:
        """Return the game's first state for keys ``[B]``, and seats."""
        seat = random.integers(key, 0, "deviator/seat", self.game.roles[self.role].count)
        return Seated(self.game.reset(key), seat, torch.zeros_like(key), torch.zeros_like(key, dtype=torch.bool))

    def observe(self, state: Seated) -> dict[str, Observation]:
        """Return the observations of each role; the deviator has those of its seat."""
        seen = self.game.observe(state.inner)
        if self.padded:
            playing = ~state.over[:, None]
            seen = {name: each.with_fields(acting=each.acting & playing) for name, each in seen.items()}
        whole = seen[self.role]
        read = whole.acting & ~_is_seat(state.seat, whole.acting)
        seated = replace(whole, shared=None, whole=None)
        deviator = replace(tree_map(lambda leaf: _of_seat(leaf, state.seat), seated), shared=whole.shared)
        return {**seen, self.role: replace(whole, acting=read), DEVIATOR: deviator}

    def step(self, state: Seated, actions: Mapping[str, Tensor]) -> Transition[Seated]:
        """Replace the action at the seat by that of the deviator, and advance the game."""
        joint = torch.where(_is_seat(state.seat, actions[self.role]), actions[DEVIATOR], actions[self.role])
        done = self.game.step(state.inner, {**{name: actions[name] for name in self.game.roles}, self.role: joint})
        rewards = {**done.rewards, DEVIATOR: _of_seat(done.rewards[self.role], state.seat)}
        after = Seated(done.state, state.seat, state.time + 1, state.over)
        transition = Transition(after, rewards, done.terminated, done.truncated)
        return self._padded(state, transition) if self.padded else transition

    def _padded(self, state: Seated, done: Transition[Seated]) -> Transition[Seated]:
        """Hold copies whose game has ended, and end all episodes at the horizon."""
        over, last = state.over | done.terminated, done.state.time >= self.horizon
        inner = tree_where(state.over, state.inner, done.state.inner)
        rewards = {name: reward.masked_fill(state.over[:, None], 0.0) for name, reward in done.rewards.items()}
        return Transition(replace(done.state, inner=inner, over=over), rewards, last & over, last & ~over)

    def conserved(self, state: Seated) -> dict[str, Tensor]:
        """Return the game's conserved quantities."""
        return self.game.conserved(state.inner)

    def with_parameters(self, **values: Tensor | float) -> Deviation:
        """Return the same deviation from the game with other numeric parameters."""
        return Deviation(self.game.with_parameters(**values), self.role, self.padded)

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Deviation:
        """Return the same deviation from the game on another device, or in another precision."""
        return Deviation(self.game.to(device, dtype), self.role, self.padded)

    def frozen(self, agents: Mapping[str, Agent]) -> dict[str, Agent]:
        """Return agents of the game, adapted to this game; no learner fits them."""
        return {name: _Frozen(agents[name]) for name in self.game.roles}


class Deviating:
    """An agent that plays as ``agent``, except players that ``deviate``, who play as ``deviator``; both see the role.

    ``deviate`` is bool ``[B, N]``, or ``[1, N]`` for the same players in every copy.
    """

    def __init__(self, agent: Agent, deviator: Agent, deviate: Tensor) -> None:
        self.agent, self.deviator, self.deviate = agent, deviator, deviate

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Start both agents; raises ``UserError`` where one of them cannot play the role."""
        return self.agent.start(game, role, num_envs), self.deviator.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return actions ``[B, N, ...]``; both draw from the same key, so that equal policies act equally."""
        own, first = self.agent.act(observation, memory[0], key)
        other, second = self.deviator.act(observation, memory[1], key)
        deviate = self.deviate.reshape(*self.deviate.shape, *[1] * (own.ndim - 2))
        return torch.where(deviate, other.to(own.dtype), own), (first, second)


class _Frozen:
    """An agent of a game, adapted to the deviation game."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        inner = game.game if isinstance(game, Deviation) else game
        return self.agent.start(inner, role, num_envs)

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        return self.agent.act(observation, memory, key)


def in_seat(seat: Tensor, count: int) -> Tensor:
    """Return bool ``[B, N]``, True for the player in the seat ``[B]``."""
    return torch.arange(count, device=seat.device) == seat[:, None]


def _is_seat(seat: Tensor, like: Tensor) -> Tensor:
    """Return :func:`in_seat`, ``[B, N, 1, ...]`` to go with ``like`` ``[B, N, ...]``."""
    return in_seat(seat, like.shape[1]).reshape(*like.shape[:2], *[1] * (like.ndim - 2))


def _of_seat(values: Tensor, seat: Tensor) -> Tensor:
    """Return the entries ``[B, 1, ...]`` of the player in the seat of ``values`` ``[B, N, ...]``."""
    return values.take_along_dim(seat.reshape(-1, *[1] * (values.ndim - 1)), 1)
