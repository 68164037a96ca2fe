"""Gymnasium environments: one single-player role of a game, with given agents in all other roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game, Memory
from econsim.interop._observer import Form, MaskPlace, Observer, Seen, check_option
from econsim.interop._session import Session
from econsim.interop._spaces import (
    action_space,
    action_tensor,
    idle_action,
    mask_of,
)

try:
    import gymnasium
except ImportError as error:
    raise UserError("gymnasium is not installed: pip install 'econsim[interop]'") from error


_FORMS: tuple[Form, ...] = ("features", "dict", "flat")


def to_gymnasium(
    game: Game[Any],
    role: str,
    others: Mapping[str, Agent],
    seed: int = 0,
    *,
    observations: Form = "features",
    masks: MaskPlace | None = None,
    out_of_range: Literal["error", "clip"] = "error",
) -> gymnasium.Env[Seen, Any]:
    """Return ``game`` as a Gymnasium environment in which the user plays ``role``.

    An environment step lasts until the role acts again; its reward is the sum of the role's rewards in between.

    Args:
        game: any game on the CPU.
        role: a role with one player.
        others: the agent of every other role.
        seed: the seed of ``reset()`` until ``reset(seed=...)`` sets another; each further ``reset()`` is a new episode.
        observations: ``"features"``: the features only; ``"dict"``: a dictionary that adds the map and the mask where
            there are any; ``"flat"``: one vector of features, then the map, then the mask.
        masks: ``"observation"`` or ``"info"`` (``info["action_mask"]``); by default in the observation of the form
            ``"dict"``, else in ``info``.
        out_of_range: for numbers outside the range of an action, ``"error"``, or ``"clip"``: use the nearest in it.

    Raises:
        UserError: an option is unknown, there is no such role, it has several players, or another role has no agent.
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
    seats = {name: others[name] for name in game.roles if name != role}
    return SeatEnv(game, role, seats, seed, observations, masks, out_of_range)


class SeatEnv(gymnasium.Env[Seen, Any]):
    """One role of a game; see :func:`to_gymnasium`.

    ``info["action_mask"]`` is one array, int8 ``[A]``; the masks of several choices are concatenated.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # declared so by gymnasium

    def __init__(
        self,
        game: Game[Any],
        role: str,
        others: Mapping[str, Agent],
        seed: int,
        observations: Form = "features",
        masks: MaskPlace | None = None,
        out_of_range: str = "error",
    ) -> None:
        check_option("out_of_range", out_of_range, ("error", "clip"))
        self.role = game.roles[role]
        self.others = others
        self._clips = out_of_range == "clip"
        self._observer = Observer(game, game.observe(game.reset(random.keys(seed, 1))), observations, masks, _FORMS)
        self.observation_space = self._observer.space(self.role)
        self.action_space = action_space(self.role.action)
        self._session = Session(game, seed)
        self._memories: dict[str, Memory] = {}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Seen, dict[str, Any]]:
        """Start an episode and play until the role acts for the first time."""
        super().reset(seed=seed)
        self._session.reset(seed)
        game = self._session.game
        self._memories = {name: agent.start(game, game.roles[name], 1) for name, agent in self.others.items()}
        self._paid_before, _, _ = self._play_on()
        return self._seen(), self._info()

    def step(self, action: Any) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        """Take an action, and play until the role acts again or the episode ends.

        Raises:
            ValueError: the action is not legal.
        """
        mask = mask_of(self._session.observations[self.role.name], 0)
        role_action = action_tensor(self.role, action, mask, self._session.game, self.role.name, self._clips)
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

    def _seen(self) -> Seen:
        return self._observer.seen(self.role, self._session.observations[self.role.name], 0)

    def _info(self) -> dict[str, Any]:
        mask = self._observer.mask(self._session.observations[self.role.name], 0)
        return {"time": self._session.time} if mask is None else {"time": self._session.time, "action_mask": mask}
