"""PettingZoo parallel environments: any game, with one agent per player, such as ``worker_0`` and ``planner_0``.

Observations of a role with masked actions are ``{"observation": ..., "action_mask": ...}``, as is the convention of
PettingZoo, with an additional ``"view"`` if the role observes a map; those of other roles are arrays. Options make them
vectors, of one length if needed, and move masks to ``info``, for libraries that take no dictionary. ``info`` contains
whether a player is ``alive`` and whether its action is used in the next step (``acting``); the actions of other players
are ignored and may be left out. An environment that is copied or pickled in mid-episode continues identically.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Game, Role
from econsim.interop._observer import Form, MaskPlace, Observer, Seen, check_option
from econsim.interop._session import Session
from econsim.interop._spaces import (
    Array,
    action_space,
    action_tensor,
    by_choice,
    features_of,
    idle_action,
    mask_of,
    observation_space,
)

try:
    from gymnasium import spaces
    from pettingzoo import ParallelEnv
    from pettingzoo.utils.conversions import parallel_to_aec
except ImportError as error:
    raise UserError("pettingzoo is not installed: pip install 'econsim[interop]'") from error

_FORMS: tuple[Form, ...] = ("dict", "flat", "padded")
Step = tuple[dict[str, Seen], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]


def to_pettingzoo(
    game: Game[Any],
    seed: int = 0,
    max_cycles: int | None = None,
    render_mode: str | None = None,
    *,
    observations: Form = "dict",
    masks: MaskPlace | None = None,
    out_of_range: Literal["error", "clip"] = "error",
) -> ParallelEnv[str, Seen, Any]:
    """Return ``game`` as a PettingZoo parallel environment.

    Args:
        game: any game on the CPU.
        seed: the seed of ``reset()`` until ``reset(seed=...)`` sets another; each further ``reset()`` is a new episode.
        max_cycles: number of steps after which episodes are truncated; by default they end only as the game defines.
        render_mode: ``"ansi"`` makes ``render()`` return the accounts as text.
        observations: ``"dict"``: a dictionary for roles with a mask or a map, else an array; ``"flat"``: one vector for
            every player, of features, then the map, then the mask; ``"padded"``: such vectors, with zeros up to the
            length of the longest, so that all players have the same observation space.
        masks: ``"observation"`` or ``"info"`` (``infos[agent]["action_mask"]``); by default in the observation of the
            form ``"dict"``, else in ``info``.
        out_of_range: for numbers outside the range of an action, ``"error"``, or ``"clip"``: use the nearest in it.

    Raises:
        UserError: an option is unknown, or ``max_cycles`` is below one.
    """
    return GameEnv(game, seed, max_cycles, render_mode, observations, masks, out_of_range)


def parallel_env(
    name: str,
    *,
    seed: int = 0,
    max_cycles: int | None = None,
    observations: Form = "dict",
    masks: MaskPlace | None = None,
    out_of_range: Literal["error", "clip"] = "error",
    **parameters: Any,
) -> Any:
    """Return :func:`to_pettingzoo` of ``econsim.make(name, **parameters)``."""
    from econsim.scenario import game_choice

    game = game_choice(name, parameters).build()
    return to_pettingzoo(game, seed, max_cycles, observations=observations, masks=masks, out_of_range=out_of_range)


def env(name: str, **options: Any) -> Any:
    """Return :func:`parallel_env`, which takes the same options, as an agent-by-agent (AEC) environment."""
    return parallel_to_aec(parallel_env(name, **options))


class GameEnv(ParallelEnv[str, Seen, Any]):
    """A game as a parallel environment; see :func:`to_pettingzoo`."""

    def __init__(
        self,
        game: Game[Any],
        seed: int,
        max_cycles: int | None,
        render_mode: str | None,
        observations: Form = "dict",
        masks: MaskPlace | None = None,
        out_of_range: str = "error",
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise UserError(f"render_mode: expected 'ansi' or None, found {render_mode!r}")
        if max_cycles is not None and max_cycles < 1:
            raise UserError(f"max_cycles: expected at least 1, found {max_cycles}")
        check_option("out_of_range", out_of_range, ("error", "clip"))
        self.metadata = {"name": type(game).__name__, "render_modes": ["ansi"], "is_parallelizable": True}
        self.render_mode, self.max_cycles = render_mode, game.horizon if max_cycles is None else max_cycles
        self.agents: list[str] = []
        self._seats = {f"{role.name}_{player}": (role, player) for role in game.roles.values() for player in _of(role)}
        self.possible_agents = list(self._seats)
        self._session = Session(game, seed)
        first = game.observe(game.reset(random.keys(seed, 1)))
        plain = {role.name: observation_space(game, role) for role in game.roles.values()}
        self._clips = out_of_range == "clip"
        self._observer = Observer(game, first, observations, masks, _FORMS)
        every = {role.name: self._observer.space(role) for role in game.roles.values()}
        self._observation_spaces = {agent: every[role.name] for agent, (role, _) in self._seats.items()}
        self._action_spaces = {agent: action_space(role.action) for agent, (role, _) in self._seats.items()}
        self.state_space = _joined([plain[role.name] for role, _ in self._seats.values()])

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Return the observation space of ``agent``."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Return the action space of ``agent``."""
        return self._action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Seen], dict[str, dict[str, Any]]]:
        """Start an episode; ``options`` are part of PettingZoo's interface and are ignored."""
        self._session.reset(seed)
        self.agents = self.possible_agents[:]
        return self._observations(), self._infos()

    def step(self, actions: Mapping[str, Any]) -> Step:
        """Advance by one step.

        Raises:
            ValueError: an acting player has no action, or one that is not legal.
        """
        if not self.agents:
            return {}, {}, {}, {}, {}
        rewards, terminated, truncated = self._session.step(self._joint(actions))
        out_of_time = self._session.time >= self.max_cycles
        truncated = not terminated and (truncated or out_of_time)
        by_agent = {agent: float(rewards[role.name][player]) for agent, (role, player) in self._seats.items()}
        ends = dict.fromkeys(self.agents, terminated), dict.fromkeys(self.agents, truncated)
        if terminated or truncated:
            self.agents = []
        return self._observations(), by_agent, *ends, self._infos()

    def state(self) -> Array:
        """Return the global state: the concatenated features of all players."""
        seen = self._session.observations
        return np.concatenate([features_of(seen[role.name], player).ravel() for role, player in self._seats.values()])

    def render(self) -> str | None:
        """Return the accounts as text in render mode ``ansi``, otherwise ``None``."""
        if self.render_mode is None:
            return None
        entries = self._session.game.accounts(self._session.state).items()
        rows = [f"{name:<20} mean {value[0].double().mean():>14.6g}" for name, value in entries]
        return "\n".join([f"step {self._session.time}", *rows])

    def close(self) -> None:
        """Do nothing, since the environment holds no resources."""

    def _observations(self) -> dict[str, Seen]:
        seen = self._session.observations
        return {
            agent: self._observer.seen(role, seen[role.name], player) for agent, (role, player) in self._seats.items()
        }

    def _infos(self) -> dict[str, dict[str, Any]]:
        return {agent: self._info(*seat) for agent, seat in self._seats.items()}

    def _info(self, role: Role, player: int) -> dict[str, Any]:
        seen = self._session.observations[role.name]
        status = {"alive": bool(seen.alive[0, player]), "acting": bool(seen.acting[0, player])}
        mask = self._observer.mask(seen, player)
        return status if mask is None else {**status, "action_mask": by_choice(role.action, mask)}

    def _joint(self, actions: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return the actions of all roles, ``[1, N, *shape]``."""
        game = self._session.game
        return {
            name: torch.stack([self._action(role, player, actions) for player in _of(role)])[None]
            for name, role in game.roles.items()
        }

    def _action(self, role: Role, player: int, actions: Mapping[str, Any]) -> Tensor:
        agent, seen, game = f"{role.name}_{player}", self._session.observations[role.name], self._session.game
        if not seen.acting[0, player]:
            return idle_action(role, game)
        if agent not in actions:
            raise ValueError(f"{agent}: no action is given, but this player acts in this step")
        return action_tensor(role, actions[agent], mask_of(seen, player), game, agent, self._clips)


def _of(role: Role) -> range:
    return range(role.count)


def _joined(boxes: list[spaces.Box]) -> spaces.Box:
    low = np.concatenate([box.low.ravel() for box in boxes])
    return spaces.Box(low, np.concatenate([box.high.ravel() for box in boxes]), dtype=low.dtype.type)
