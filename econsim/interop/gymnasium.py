"""Gymnasium environments: one single-player role of a game, with given agents in all other roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game, Memory
from econsim.interop._session import Session
from econsim.interop._spaces import (
    Array,
    action_space,
    action_tensor,
    features_of,
    idle_action,
    mask_of,
    observation_space,
)

try:
    import gymnasium
except ImportError as error:
    raise UserError("gymnasium is not installed: pip install 'econsim[interop]'") from error


def to_gymnasium(game: Game[Any], role: str, others: Mapping[str, Agent], seed: int = 0) -> gymnasium.Env[Array, Any]:
    """Return ``game`` as a Gymnasium environment in which the user plays ``role``.

    An environment step lasts until the role acts again; its reward is the sum of the role's rewards in between.

    Args:
        game: any game on the CPU.
        role: a role with one player.
        others: the agent of every other role.
        seed: the seed of ``reset()`` until ``reset(seed=...)`` sets another; each further ``reset()`` is a new episode.

    Raises:
        UserError: there is no such role, the role has several players, or another role has no agent.
    """
    if role not in game.roles:
        raise UserError(f"no role {role!r}{did_you_mean(role, game.roles)}")
    if game.roles[role].count != 1:
        raise UserError(
            f"role {role!r}: expected one player, found {game.roles[role].count}; to_pettingzoo supports any number"
        )
    missing = sorted(game.roles.keys() - others.keys() - {role})
    if missing:
        raise UserError(f"others: no agent is given for {', '.join(missing)}")
    return SeatEnv(game, role, {name: others[name] for name in game.roles if name != role}, seed)


class SeatEnv(gymnasium.Env[Array, Any]):
    """One role of a game; see :func:`to_gymnasium`. ``info["action_mask"]`` holds the action mask, if there is one."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # declared so by gymnasium

    def __init__(self, game: Game[Any], role: str, others: Mapping[str, Agent], seed: int) -> None:
        self.role = game.roles[role]
        self.others = others
        self.observation_space = observation_space(game, self.role)
        self.action_space = action_space(self.role.action)
        self._session = Session(game, seed)
        self._memories: dict[str, Memory] = {}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Start an episode and play until the role acts for the first time."""
        super().reset(seed=seed)
        self._session.reset(seed)
        game = self._session.game
        self._memories = {name: agent.start(game, game.roles[name], 1) for name, agent in self.others.items()}
        self._paid_before, _, _ = self._play_on()
        return self._seen(), self._info()

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Take an action, and play until the role acts again or the episode ends.

        Raises:
            ValueError: the action is not legal.
        """
        mask = mask_of(self._session.observations[self.role.name], 0)
        role_action = action_tensor(self.role, action, mask, self._session.game, self.role.name)
        reward, terminated, truncated = self._advance(role_action)
        if not (terminated or truncated):
            later, terminated, truncated = self._play_on()
            reward += later
        reward, self._paid_before = reward + self._paid_before, 0.0
        return self._seen(), reward, terminated, truncated, self._info()

    def _play_on(self) -> tuple[float, bool, bool]:
        """Play until the role acts; return the sum of its rewards, terminated and truncated."""
        total, terminated, truncated = 0.0, False, False
        idle = idle_action(self.role, self._session.game)
        while not (terminated or truncated or self._session.observations[self.role.name].acting[0, 0]):
            reward, terminated, truncated = self._advance(idle)
            total += reward
        return total, terminated, truncated

    def _advance(self, action: Tensor) -> tuple[float, bool, bool]:
        with torch.no_grad():
            joint = {name: self._decide(name) for name in self.others}
            rewards, terminated, truncated = self._session.step({**joint, self.role.name: action[None, None]})
        return float(rewards[self.role.name][0]), terminated, truncated

    def _decide(self, name: str) -> Tensor:
        seen, key = self._session.observations[name], self._session.step_key(name)
        action, self._memories[name] = self.others[name].act(seen, self._memories[name], key)
        return action

    def _seen(self) -> Array:
        return features_of(self._session.observations[self.role.name], 0)

    def _info(self) -> dict[str, Any]:
        mask = mask_of(self._session.observations[self.role.name], 0)
        return {"time": self._session.time} if mask is None else {"time": self._session.time, "action_mask": mask}
