"""Roles shared by several agents: a game in which groups of one role's players are separate roles.

Simulation, training and analysis then treat groups as roles. A group is named ``role/label``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from econsim.accounts import FOLLOWERS
from econsim.deferred_features import DeferredFeatures
from econsim.game import Game, Observation, Role, Transition

__all__ = ["Groups", "SplitRoles", "base_game", "base_role"]

Groups = Mapping[str, Mapping[str, Sequence[int]]]
"""By role and label, the players of each group; every player of the role is in exactly one group."""
_OF_ALL_PLAYERS = ("shared", "whole")
"""Fields of an observation without an axis of players."""
_READS_ALL = ("best_response", "routine")
"""Members of optional protocols that read the observation of all players of a role."""
_AS_THEY_ARE = (
    *("thresholds", "law", "usd_per_unit", "declared_incomes", "utility_with", "stage", "frame"),
    *("elasticity_meaning", "taxable_income", "taxable_income_elasticity", "not_covered"),
    *("marginal_social_weights", "effort_values"),
)
"""Members of optional protocols that do not depend on the groups."""


def base_role(name: str) -> str:
    """Return the role of the game that a group belongs to; the name itself for a role that is not split."""
    return name.partition("/")[0]


def base_game(game: Game[Any]) -> Game[Any]:
    """Return the game whose roles are split; the game itself where there are no groups."""
    return game.game if isinstance(game, SplitRoles) else game


@dataclass(frozen=True)
class PlayerGroup:
    """Players of one role with an agent of their own.

    Attributes:
        role: the name of the group as a role, ``role/label``.
        label: the label of the group.
        players: indices of its players among the players of their role, ``[n]``.
        offset: the number of players of following roles that come before their role.
    """

    role: str
    label: str
    players: tuple[int, ...]
    offset: int

    def metric(self, name: str) -> str:
        """Return the name of a metric that is computed from these players only."""
        return f"{name}/{self.role}"

    def players_along(self, axis: str) -> list[int] | None:
        """Return the indices of these players along an axis of accounts; ``None`` where the axis excludes them."""
        if axis == f"role:{base_role(self.role)}":
            return list(self.players)
        return [self.offset + player for player in self.players] if axis == FOLLOWERS else None


def player_groups(game: Game[Any]) -> list[PlayerGroup]:
    """Return the groups of all roles that are split; none in a game without such roles."""
    if not isinstance(game, SplitRoles):
        return []
    offset, groups = 0, []
    for name, role in game.game.roles.items():
        for label, players in game.groups.get(name, {}).items():
            groups.append(PlayerGroup(f"{name}/{label}", label, players, offset))
        offset += 0 if role.leads else role.count
    return groups


class SplitRoles(Game[Any]):
    """``game`` with the players of some roles in groups, each of which is a role.

    State, accounts and conserved quantities are those of ``game``; observations and rewards of a group are the rows of
    its players.
    """

    def __init__(self, game: Game[Any], groups: Groups) -> None:
        """Split the roles of ``game``.

        Raises:
            ValueError: the groups of a role do not contain each of its players exactly once.
        """
        self.game, self.groups = game, {role: {k: tuple(v) for k, v in by.items()} for role, by in groups.items()}
        self.parameters, self.dtype, self.unit = game.parameters, game.dtype, game.unit
        self.horizon, self.clocked, self.rests = game.horizon, game.clocked, game.rests
        self.by_kernels = game.by_kernels
        self.discount, self.constants = game.discount, game.constants
        self.accounts_spec, self.burn_in = game.accounts_spec, game.burn_in
        self._players: dict[str, Tensor] = {}
        self._order: dict[str, Tensor] = {}
        self._asks_for_all = any(hasattr(game, name) for name in _READS_ALL)
        self.roles = {role.name: role for whole_role in game.roles.values() for role in self._split(whole_role)}
        self._offer_protocols()

    def _split(self, role: Role) -> list[Role]:
        """Return the roles that replace a role, and store the players of each."""
        groups = self.groups.get(role.name)
        if groups is None:
            return [role]
        players = [player for members in groups.values() for player in members]
        if sorted(players) != list(range(role.count)):
            raise ValueError(f"{role.name}: the groups must contain each of {role.count} players exactly once")
        for label, members in groups.items():
            self._players[f"{role.name}/{label}"] = torch.tensor(members, dtype=torch.int64, device=self.game.device)
        self._order[role.name] = torch.tensor(players, device=self.game.device).argsort()
        names = {f"{role.name}/{label}": len(members) for label, members in groups.items()}
        return [replace(role, name=name, count=count) for name, count in names.items()]

    @property
    def device(self) -> torch.device:
        """The device of the game's tensors."""
        return self.game.device

    def with_parameters(self, **values: Tensor | float) -> SplitRoles:
        """Return the same groups of the game with other parameters."""
        return self._of(self.game.with_parameters(**values))

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> SplitRoles:
        """Return the same groups of the game on another device, or in another precision."""
        return SplitRoles(self.game.to(device, dtype), self.groups)

    def advice(self) -> list[str]:
        """Return the game's warnings."""
        return self.game.advice()

    def _of(self, game: Game[Any]) -> SplitRoles:
        """Return the same groups of a game that differs in its parameters or its backend only."""
        other = copy(self)
        other.game, other.parameters, other.by_kernels = game, game.parameters, game.by_kernels
        other._offer_protocols()
        return other

    def players(self, name: str) -> Tensor | None:
        """Return the indices of a group's players in their role, ``[n]`` int64; ``None`` for a role without groups."""
        return self._players.get(name)

    # --- the game -----------------------------------------------------------------------------------------------

    def reset(self, key: Tensor) -> Any:
        """Return the game's initial state."""
        return self.game.reset(key)

    def observe(self, state: Any) -> dict[str, Observation]:
        """Return the observation of each group: the rows of its players."""
        observations = self.game.observe(state)
        return {name: self._rows(observations[base_role(name)], name) for name in self.roles}

    def step(self, state: Any, actions: Mapping[str, Tensor]) -> Transition[Any]:
        """Advance the game by the actions of all groups; the rewards of a group are the rows of its players."""
        transition = self.game.step(state, {name: self._joined(name, actions) for name in self.game.roles})
        rewards = {name: self._take(transition.rewards[base_role(name)], name) for name in self.roles}
        return replace(transition, rewards=rewards)

    def accounts(self, state: Any) -> dict[str, Tensor]:
        """Return the game's accounts, which cover all players of its roles."""
        return self.game.accounts(state)

    def conserved(self, state: Any) -> dict[str, Tensor]:
        """Return the game's conserved quantities."""
        return self.game.conserved(state)

    # --- optional protocols, where the game implements them -----------------------------------------------------

    def _offer_protocols(self) -> None:
        by_group: dict[str, Callable[..., Any]] = {
            "best_response": self._best_response,
            "choices": self._choices,
            "choice_values": self._choice_values,
            "status_quo": self._status_quo,
            "routine": self._routine,
            "one_round": self._one_round,
            "briefing": self._briefing,
            "on_kernels": self._on_kernels,
        }
        for name in (*by_group, *_AS_THEY_ARE):
            if hasattr(self.game, name):
                setattr(self, name, by_group.get(name, getattr(self.game, name)))

    def _best_response(self, role: str, observation: Observation) -> Tensor:
        game: Any = self.game
        return self._take(game.best_response(base_role(role), _whole(observation)), role)

    def _choices(self, role: str) -> Tensor:
        game: Any = self.game
        choices: Tensor = game.choices(base_role(role))
        return choices

    def _choice_values(self, role: str, observation: Observation) -> Tensor:
        game: Any = self.game
        return self._take(game.choice_values(base_role(role), _whole(observation)), role)

    def _status_quo(self, role: str) -> Tensor:
        game: Any = self.game
        action: Tensor = game.status_quo(base_role(role))
        return action

    def _routine(self) -> Callable[[Role, Observation, Tensor], Tensor]:
        game: Any = self.game
        play = game.routine()

        def of_group(role: Role, observation: Observation, key: Tensor) -> Tensor:
            whole = self.game.roles[base_role(role.name)]
            return self._take(play(whole, _whole(observation), key), role.name)

        return of_group

    def _one_round(self) -> SplitRoles:
        game: Any = self.game
        return SplitRoles(game.one_round(), self.groups)

    def _on_kernels(self) -> SplitRoles:
        game: Any = self.game
        return self._of(game.on_kernels())

    def _briefing(self, role: str) -> dict[str, Any]:
        """Return the game's briefing of a role, with the personas and traits of the group's players only."""
        game: Any = self.game
        briefing, players = dict(game.briefing(base_role(role))), self._players.get(role)
        if players is None:
            return briefing
        members = players.tolist()
        if briefing.get("personas"):
            briefing["personas"] = tuple(briefing["personas"][player] for player in members)
        if briefing.get("traits"):
            traits = briefing["traits"].items()
            briefing["traits"] = {name: tuple(values[player] for player in members) for name, values in traits}
        return briefing

    # --- rows of players ----------------------------------------------------------------------------------------

    def _rows(self, observation: Observation, name: str) -> Observation:
        if name not in self._players:
            return observation
        rows = _changed(observation, partial(self._take, name=name))
        return rows.with_fields(whole=observation) if self._asks_for_all else rows

    def _take(self, value: Tensor, name: str) -> Tensor:
        return value[:, self._players[name]] if name in self._players else value

    def _joined(self, name: str, actions: Mapping[str, Tensor]) -> Tensor:
        """Return the actions of all players of a role, ``[B, N, ...]``."""
        if name not in self.groups:
            return actions[name]
        by_group = [actions[f"{name}/{label}"] for label in self.groups[name]]
        return torch.cat(by_group, 1)[:, self._order[name]]


def _changed(observation: Observation, change: Callable[[Tensor], Tensor]) -> Observation:
    """Return an observation with ``change`` applied to every tensor that has an axis of players."""
    values = {name: value for name, value in vars(observation).items() if name not in _OF_ALL_PLAYERS}
    return observation.with_fields(**{name: _mapped(value, change) for name, value in values.items()})


def _mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Mapping):
        return {name: change(entry) for name, entry in value.items()}
    if isinstance(value, DeferredFeatures):
        return value.of_players(change)
    return value if value is None else change(value)


def _whole(observation: Observation) -> Observation:
    """Return the observation of all players of the role."""
    return observation if observation.whole is None else observation.whole
