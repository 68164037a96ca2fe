"""Paired play: one batch of a game at several values of its parameters, all under the same shocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from econsim.accounts import Metric
from econsim.analysis.flows import FlowAccounts
from econsim.analysis.inequality import Floats
from econsim.analysis.metrics import declared, measure, player_accounts, player_weights
from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game
from econsim.play import play

__all__ = ["Pair", "Played", "play_pair", "play_points", "plays_of_points"]

MOST_COPIES = 4096
Watch = Callable[[Any, Tensor], object]


@dataclass(frozen=True)
class Played:
    """Results of episodes of a game: accounts ``{name: [E, ...]}`` and the return of each role ``{role: [E, N]}``."""

    game: Game[Any]
    accounts: dict[str, Tensor]
    returns: dict[str, Tensor]

    def measured(self, metric: str) -> Floats:
        """Return a metric of each episode, ``[E]``; see :func:`econsim.analysis.metrics.measure`.

        Raises:
            UserError: there is no such metric.
        """
        if metric not in self._measured:
            raise UserError(f"{metric}: no such metric of an episode{did_you_mean(metric, self._measured)}")
        return self._measured[metric]

    @property
    def metrics(self) -> dict[str, Metric]:
        """The metrics that :meth:`measured` accepts, by name."""
        return declared(self.game)

    def accounts_of_people(self) -> dict[str, Tensor]:
        """Return the accounts of players, ``{name: [E, N]}`` float64."""
        return {name: value.double() for name, value in player_accounts(self.game, self.accounts).items()}

    def of_people(self, name: str) -> Floats | None:
        """Return an account of all players in all episodes, ``[E * N]``; ``None`` where there is no such account."""
        value = player_accounts(self.game, self.accounts).get(name)
        return None if value is None else value.double().cpu().numpy().ravel()

    def people(self, name: str) -> Floats | None:
        """Return the number of people that each entry of :meth:`of_people` represents; ``None`` if one each."""
        weight = player_weights(self.game, self.accounts, name)
        return None if weight is None else weight.double().cpu().numpy().ravel()

    @cached_property
    def _measured(self) -> dict[str, Floats]:
        return measure(self.game, self.accounts, self.returns)

    def rows(self, which: slice) -> Played:
        """Return some of the episodes."""
        accounts, returns = ({name: v[which] for name, v in part.items()} for part in (self.accounts, self.returns))
        return Played(self.game, accounts, returns)


@dataclass(frozen=True)
class Pair:
    """Baseline and reform; episode ``i`` of both has the same people and the same shocks."""

    baseline: Played
    reform: Played


def play_pair(
    game: Game[Any],
    agents: Mapping[str, Agent],
    key: Tensor,
    reform_agents: Mapping[str, Agent] | None = None,
    reform_game: Game[Any] | None = None,
    watch: Watch | None = None,
    **reform: float,
) -> Pair:
    """Play baseline and reform in the same episodes; a reform of parameters alone is one batch.

    Args:
        game: the baseline, in the precision of play.
        agents: the agents, held fixed.
        key: ``[E]``, one per episode.
        reform_agents: other agents in the reform, by role, for example another planner.
        reform_game: the game of the reform, where it changes more than numeric parameters; it has the same people.
        watch: called at every state, as ``watch`` of :func:`econsim.play.play`.
        reform: the game's numeric parameters that change, with their new values.

    Raises:
        UserError: no such parameter.
    """
    _known(game, reform)
    if reform and not reform_agents and reform_game is None:
        values = {name: [float(game.parameters[name]), value] for name, value in reform.items()}
        return Pair(*play_points(game, agents, key, values, watch=watch))
    (baseline,) = play_points(game, agents, key, {}, watch=watch)
    changed = {name: [value] for name, value in reform.items()}
    (other,) = play_points(reform_game or game, {**agents, **(reform_agents or {})}, key, changed, watch=watch)
    return Pair(baseline, other)


@torch.no_grad()
def play_points(
    game: Game[Any],
    agents: Mapping[str, Agent],
    key: Tensor,
    points: Mapping[str, Any],
    most_copies: int = MOST_COPIES,
    watch: Watch | None = None,
) -> list[Played]:
    """Play the same episodes at each of ``G`` points of the parameters: ``G * E`` copies of one batch.

    Args:
        game: the game, in the precision of play.
        agents: the agents, held fixed.
        key: ``[E]``, one per episode; all points are played under each.
        points: values ``[G]`` by parameter; without any, one point, the unchanged game.
        most_copies: the largest number of copies in one batch; further ones are played in later batches.
        watch: called at every state of every batch, as ``watch`` of :func:`econsim.play.play`; for the number of
            batches, see :func:`plays_of_points`.

    Raises:
        UserError: no such parameter, or different numbers of values.
    """
    _known(game, points)
    values = {name: torch.as_tensor(value, dtype=torch.float64, device=key.device) for name, value in points.items()}
    counts = {len(value) for value in values.values()} or {1}
    if len(counts) > 1:
        raise UserError(f"play_points: expected the same number of values of each parameter, found {sorted(counts)}")
    (count,), episodes = counts, len(key)
    at_once = _points_at_once(episodes, most_copies)
    return [
        played
        for first in range(0, count, at_once)
        for played in _batch(game, agents, key, {name: v[first : first + at_once] for name, v in values.items()}, watch)
    ]


def plays_of_points(count: int, episodes: int, most_copies: int = MOST_COPIES) -> int:
    """Return the number of batches in which :func:`play_points` plays ``count`` points."""
    return math.ceil(count / _points_at_once(episodes, most_copies))


def _points_at_once(episodes: int, most_copies: int) -> int:
    return max(1, most_copies // episodes)


def _batch(
    game: Game[Any], agents: Mapping[str, Agent], key: Tensor, values: Mapping[str, Tensor], watch: Watch | None
) -> list[Played]:
    count = len(next(iter(values.values()), torch.zeros(1)))
    repeated = {name: value.repeat_interleave(len(key)) for name, value in values.items()}
    changed = game.with_parameters(**repeated) if repeated else game
    flows = FlowAccounts(changed)

    def see(state: Any, over: Tensor) -> None:
        flows(state, over)
        if watch is not None:
            watch(state, over)

    episode = play(changed, agents, key.repeat(count), see)
    everything = Played(game, flows.accounts(episode.state), episode.returns)
    return [everything.rows(slice(at * len(key), (at + 1) * len(key))) for at in range(count)]


def _known(game: Game[Any], parameters: Mapping[str, Any]) -> None:
    for name in parameters:
        if name not in game.parameters:
            raise UserError(f"{name}: no such numeric parameter{did_you_mean(name, game.parameters)}")
