"""Batches of runs: the matches of many runs are the rows of one game, each with its own key, agents and parameters.

Every row gives the same results as the run would alone, since environment copies do not interact and every random draw
depends only on the key of its row.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from econsim.game import Agent, Game, Observation, Role, tree_map
from econsim.parameters import Chosen
from econsim.runs.backend import TENSORS, on_backend
from econsim.runs.evaluation import Episode, evaluation_key, play
from econsim.runs.scoring import Match, Score, matches, scored
from econsim.runs.summary import gap_closed
from econsim.scenario import Scenario
from econsim.scenario.plan import plan_of

__all__ = ["Packed", "packed_scores"]

# Small enough for the data of a step to stay in the processor's cache, large enough to make call overhead negligible.
PLAYERS_AT_ONCE = 20_000
ROWS_AT_ONCE = 1_024


@dataclass(frozen=True)
class Packed:
    """One run of a batch: its number, its scenario, and its own values of game parameters."""

    number: int
    scenario: Scenario
    parameters: Mapping[str, float]


@dataclass(frozen=True)
class _Row:
    """One match of one run, played in ``episodes`` environment copies."""

    place: int
    run: Packed
    match: Match

    @property
    def signature(self) -> tuple[str, ...]:
        """The classes of the agents: rows are played together only if all classes agree, so that action types match."""
        return tuple(type(agent).__name__ for _, agent in sorted(self.match.agents.items()))


def packed_scores(
    runs: Sequence[Packed], device: str = "cpu", backend: str = TENSORS
) -> Iterator[tuple[int, list[Score]]]:
    """Yield the number and the scores of every run in the order given; the scores are those of each run alone.

    Raises:
        UserError: an agent cannot play its role, or kernels are requested on a GPU or without numba.
    """
    game = on_backend(runs[0].scenario.build_game(device, torch.float64), backend).game
    build = _Builder()
    rows = [row for run in runs for row in _rows(run, game, build)]
    rows = [_Row(place, row.run, row.match) for place, row in enumerate(rows)]
    scores_by_place: dict[int, Score] = {}
    for block in _blocks(rows, game):
        scores_by_place |= _play_block(block, game)
    for run, run_rows in itertools.groupby(rows, key=lambda row: row.run):
        scores, _ = gap_closed([scores_by_place.pop(row.place) for row in run_rows], run.scenario)
        yield run.number, scores


class _Builder:
    """Builds one agent per configuration; runs that share the configuration share the agent."""

    def __init__(self) -> None:
        self._built: dict[int, tuple[Chosen, Agent]] = {}

    def __call__(self, chosen: Chosen) -> Agent:
        if id(chosen) not in self._built:
            self._built[id(chosen)] = (chosen, chosen.build())
        return self._built[id(chosen)][1]


def _rows(run: Packed, game: Game[Any], build: _Builder) -> Iterator[_Row]:
    plan = plan_of(run.scenario, game)
    fitted = {
        (policy.label, seed): {role: build(chosen) for role, chosen in policy.agents.items()}
        for policy in plan.policies
        for seed in policy.seeds
    }
    for match in matches(plan, fitted, build):
        yield _Row(0, run, match)


def _blocks(rows: Sequence[_Row], game: Game[Any]) -> Iterator[list[_Row]]:
    """Yield the rows that are played together: they have the same classes of agents; the same agents are adjacent."""
    players = sum(role.count for role in game.roles.values())
    limit = max(1, min(ROWS_AT_ONCE, PLAYERS_AT_ONCE // players))
    ordered = sorted(rows, key=lambda row: (row.signature, [id(agent) for agent in row.match.agents.values()]))
    for _, same_classes in itertools.groupby(ordered, key=lambda row: row.signature):
        block: list[_Row] = []
        num_envs = 0
        for row in same_classes:
            if block and num_envs + row.run.scenario.episodes > limit:
                yield block
                block, num_envs = [], 0
            block.append(row)
            num_envs += row.run.scenario.episodes
        yield block


def _play_block(block: Sequence[_Row], game: Game[Any]) -> dict[int, Score]:
    sizes = [row.run.scenario.episodes for row in block]
    bounds = list(itertools.accumulate(sizes, initial=0))
    slices = [slice(*ends) for ends in itertools.pairwise(bounds)]
    batched_game = _with_own_parameters(game, block, sizes)
    key = torch.cat([_keys(row.run.scenario.seed, row.run.scenario.episodes) for row in block])
    agents: dict[str, Agent] = {
        role: _SharedOut([(row.match.agents[role], envs) for row, envs in zip(block, slices, strict=True)])
        for role in game.roles
    }
    episode = play(batched_game, agents, key.to(game.device))
    return {
        row.place: scored(_game_alone(game, row.run), row.match, _part(episode, envs), row.run.scenario.accounts)
        for row, envs in zip(block, slices, strict=True)
    }


@lru_cache(maxsize=4096)
def _keys(seed: int, episodes: int) -> Tensor:
    return evaluation_key(seed, episodes)


def _game_alone(game: Game[Any], run: Packed) -> Game[Any]:
    """Return the game with the parameters of one run, as it would be if the run were executed alone."""
    return game.with_parameters(**run.parameters) if run.parameters else game


def _with_own_parameters(game: Game[Any], block: Sequence[_Row], sizes: Sequence[int]) -> Game[Any]:
    repeats = torch.tensor(sizes)
    parameters = {
        name: torch.tensor([row.run.parameters[name] for row in block], dtype=torch.float64).repeat_interleave(repeats)
        for name in block[0].run.parameters
    }
    return game.with_parameters(**parameters)


def _part(episode: Episode, envs: slice) -> Episode:
    # Rounding of sums may depend on the memory alignment of the data: a clone is aligned as in a run alone.
    accounts = {name: value[envs].clone() for name, value in episode.accounts.items()}
    return Episode(accounts, {role: value[envs].clone() for role, value in episode.returns.items()})


class _SharedOut:
    """Plays a role with several agents, each in its own environment copies; adjacent copies of one agent are merged."""

    def __init__(self, shares: Sequence[tuple[Agent, slice]]) -> None:
        self.shares: list[tuple[Agent, slice]] = []
        for agent, envs in shares:
            if self.shares and self.shares[-1][0] is agent:
                envs = slice(self.shares.pop()[1].start, envs.stop)
            self.shares.append((agent, envs))

    def start(self, game: Game[Any], role: Role, num_envs: int) -> list[Any]:
        """Return the initial memory of every agent."""
        return [agent.start(_game_of(game, envs), role, envs.stop - envs.start) for agent, envs in self.shares]

    def act(self, observation: Observation, memory: list[Any], key: Tensor) -> tuple[Tensor, list[Any]]:
        """Return the actions in all environment copies ``[B, N, ...]`` and the memory of every agent."""
        if len(self.shares) == 1:
            action, after = self.shares[0][0].act(observation, memory[0], key)
            return action, [after]
        results = [
            agent.act(_of_envs(observation, envs), agent_memory, key[envs])
            for (agent, envs), agent_memory in zip(self.shares, memory, strict=True)
        ]
        return torch.cat([action for action, _ in results]), [after for _, after in results]


def _game_of(game: Game[Any], envs: slice) -> Game[Any]:
    """Return the game with the parameters of some environment copies, for agents that compute best responses."""
    parameters = {name: value[envs] for name, value in game.parameters.items() if value.ndim}
    return game.with_parameters(**parameters) if parameters else game


def _of_envs(observation: Observation, envs: slice) -> Observation:
    return tree_map(lambda leaf: leaf[envs], observation)
