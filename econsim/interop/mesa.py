"""Games as Mesa models: players as objects, step by step, with a data collector."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from econsim.accounts import FOLLOWERS
from econsim.errors import UserError
from econsim.game import Agent, Box, Game
from econsim.interop._session import Session

try:
    import mesa
except ImportError as error:
    raise UserError("mesa is not installed: pip install 'econsim[mesa]'") from error

__all__ = ["GameModel", "Player", "to_mesa"]


def to_mesa(game: Game[Any], agents: Mapping[str, Agent] | None = None, seed: int = 0) -> GameModel:
    """Return one environment copy of a game as a Mesa model, whose agents are the players.

    Each call of ``model.step()`` plays one step. The order of events within it is that of the game, whatever the order
    of ``model.agents``. A player has the attributes ``role``, ``index``, ``features`` (by name), ``acting``,
    ``action``, ``reward`` and one for each account of players, such as ``wealth``. ``model.datacollector`` records
    accounts after every step: those with one number as variables of the model, those of players as variables of agents.

    Args:
        game: the game.
        agents: agents of econsim by role; players of other roles take the action in their attribute ``action``, at
            first the lowest one.
        seed: seed of the first episode.

    Raises:
        UserError: Mesa is not installed, or ``agents`` names a role that the game does not have.
    """
    return GameModel(game, agents or {}, seed)


class Player(mesa.Agent):  # type: ignore[misc]
    """A player of a game, as an agent of Mesa."""

    def __init__(self, model: GameModel, role: str, index: int) -> None:
        """Place the player; the model sets all other attributes."""
        super().__init__(model)
        self.role, self.index = role, index
        self.features: dict[str, float] = {}
        self.acting = False
        self.action: Any = None
        self.reward = 0.0


class GameModel(mesa.Model):  # type: ignore[misc]
    """A game as a Mesa model; :func:`to_mesa` describes it."""

    running: bool
    players: dict[str, list[Player]]
    accounts: dict[str, float]

    def __init__(self, game: Game[Any], agents: Mapping[str, Agent], seed: int) -> None:
        """Start the first episode of ``seed``."""
        super().__init__(rng=seed)
        if unknown := set(agents) - set(game.roles):
            roles = ", ".join(game.roles)
            raise UserError(
                f"to_mesa: agents: the game has no role {', '.join(sorted(unknown))}; its roles are {roles}"
            )
        self.game, self._policies, self._session = game, agents, Session(game, seed)
        self._session.reset(seed)
        self._memories = {name: agent.start(game, game.roles[name], 1) for name, agent in agents.items()}
        self.players = {
            name: [Player(self, name, index) for index in range(role.count)] for name, role in game.roles.items()
        }
        for name, role in game.roles.items():
            low = role.action.low if isinstance(role.action, Box) else 0
            for player in self.players[name]:
                player.action = torch.full(role.action.shape, low).tolist()
        self.accounts = {}
        self._show({})
        of_model = [spec.name for spec in game.accounts_spec if not spec.axes]
        of_agents = ["role", "action", "reward", *(spec.name for spec in game.accounts_spec if spec.is_of_players)]
        self.datacollector = mesa.DataCollector(
            model_reporters={name: partial(_account, name=name) for name in of_model},
            agent_reporters={name: name for name in of_agents},  # attributes of players
        )
        self.datacollector.collect(self)

    def step(self) -> None:
        """Play one step, and record it; after the last step, ``running`` is false and nothing happens."""
        if not self.running:
            return
        rewards, terminated, truncated = self._session.step({name: self._actions(name) for name in self.game.roles})
        self.running = not (terminated or truncated)
        self._show(rewards)
        self.datacollector.collect(self)

    def _actions(self, role: str) -> Tensor:
        """Return the action of the players of a role, ``[1, N, ...]``, and let the objects show it."""
        if role in self._policies:
            observation, key = self._session.observations[role], self._session.step_key(role)
            action, self._memories[role] = self._policies[role].act(observation, self._memories[role], key)
            for player, value in zip(self.players[role], action[0].tolist(), strict=True):
                player.action = value
            return action
        space = self.game.roles[role].action
        kind = self.game.dtype if isinstance(space, Box) else torch.int64
        values = torch.tensor([player.action for player in self.players[role]], dtype=kind)
        return values.reshape(1, len(values), *space.shape)

    def _show(self, rewards: Mapping[str, Tensor]) -> None:
        """Set the attributes of all players to what the state holds."""
        accounts = self.game.accounts(self._session.state)
        for name, role in self.game.roles.items():
            seen = self._session.observations[name]
            features, acting = seen.features[0].tolist(), seen.acting[0].tolist()
            paid = rewards[name].tolist() if name in rewards else [0.0] * role.count
            for index, player in enumerate(self.players[name]):
                player.features = dict(zip(role.features, features[index], strict=True))
                player.acting, player.reward = acting[index], paid[index]
        for spec in self.game.accounts_spec:
            if not spec.axes:
                self.accounts[spec.name] = float(accounts[spec.name][0])
            elif spec.is_of_players:
                for player, value in zip(self._players(spec.axes[0]), accounts[spec.name][0].tolist(), strict=True):
                    setattr(player, spec.name, value)

    def _players(self, axis: str) -> list[Player]:
        roles = self.game.roles
        names = [name for name in roles if not roles[name].leads] if axis == FOLLOWERS else [axis.removeprefix("role:")]
        return [player for name in names for player in self.players[name]]


def _account(model: GameModel, name: str) -> float:
    return model.accounts[name]
