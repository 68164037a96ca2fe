"""Many runs as one batch: their matches are the rows of one game, each with its own key, players and parameters.

A row does what it would do alone: copies do not see each other, and every draw is a function of the row's own key.
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
from econsim.runs.evaluation import Episode, evaluation_key, play
from econsim.runs.scoring import Match, Score, matches, scored
from econsim.runs.summary import gap_closed
from econsim.scenario import Scenario
from econsim.scenario.plan import plan_of

__all__ = ["Packed", "packed_scores"]

# Few enough that a step stays in the processor's cache, many enough that its calls cost nothing.
PLAYERS_AT_ONCE = 20_000
ROWS_AT_ONCE = 1_024


@dataclass(frozen=True)
class Packed:
    """One run of a batch: its number, its scenario, and the parameters of the game that are its own."""

    number: int
    scenario: Scenario
    parameters: Mapping[str, float]


@dataclass(frozen=True)
class _Row:
    """One match of one run: ``episodes`` copies of the game."""

    place: int
    run: Packed
    match: Match

    @property
    def signature(self) -> tuple[str, ...]:
        """The classes of its players: rows are played together where all agree, so that actions are of one type."""
        return tuple(type(agent).__name__ for _, agent in sorted(self.match.agents.items()))


def packed_scores(runs: Sequence[Packed], device: str = "cpu") -> Iterator[tuple[int, list[Score]]]:
    """Yield the number and the scores of every run, in the order given; the same numbers that each run alone gives.

    Raises:
        UserError: an agent cannot play its role.
    """
    game: Game[Any] = runs[0].scenario.build_game(device, torch.float64)
    build = _Builder()
    rows = [row for run in runs for row in _rows(run, game, build)]
    rows = [_Row(place, row.run, row.match) for place, row in enumerate(rows)]
    found: dict[int, Score] = {}
    for block in _blocks(rows, game):
        found |= _play_block(block, game)
    for run, mine in itertools.groupby(rows, key=lambda row: row.run):
        scores, _ = gap_closed([found.pop(row.place) for row in mine], run.scenario)
        yield run.number, scores


class _Builder:
    """Builds an agent once for every choice; runs that share the choice share the agent."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Chosen, Agent]] = {}

    def __call__(self, chosen: Chosen) -> Agent:
        if id(chosen) not in self._made:
            self._made[id(chosen)] = (chosen, chosen.build())
        return self._made[id(chosen)][1]


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
    """Yield rows that are played together: of the same classes of players, those of the same players side by side."""
    players = sum(role.count for role in game.roles.values())
    most = max(1, min(ROWS_AT_ONCE, PLAYERS_AT_ONCE // players))
    ordered = sorted(rows, key=lambda row: (row.signature, [id(agent) for agent in row.match.agents.values()]))
    for _, alike in itertools.groupby(ordered, key=lambda row: row.signature):
        block: list[_Row] = []
        copies = 0
        for row in alike:
            if block and copies + row.run.scenario.episodes > most:
                yield block
                block, copies = [], 0
            block.append(row)
            copies += row.run.scenario.episodes
        yield block


def _play_block(block: Sequence[_Row], game: Game[Any]) -> dict[int, Score]:
    sizes = [row.run.scenario.episodes for row in block]
    bounds = list(itertools.accumulate(sizes, initial=0))
    places = [slice(*ends) for ends in itertools.pairwise(bounds)]
    mine = _with_own_parameters(game, block, sizes)
    key = torch.cat([_keys(row.run.scenario.seed, row.run.scenario.episodes) for row in block])
    agents: dict[str, Agent] = {
        role: _SharedOut([(row.match.agents[role], place) for row, place in zip(block, places, strict=True)])
        for role in game.roles
    }
    episode = play(mine, agents, key.to(game.device))
    return {
        row.place: scored(_game_alone(game, row.run), row.match, _part(episode, place), row.run.scenario.accounts)
        for row, place in zip(block, places, strict=True)
    }


@lru_cache(maxsize=4096)
def _keys(seed: int, episodes: int) -> Tensor:
    return evaluation_key(seed, episodes)


def _game_alone(game: Game[Any], run: Packed) -> Game[Any]:
    """Return the game with the numbers of one run, as it would be if it were run alone."""
    return game.with_parameters(**run.parameters) if run.parameters else game


def _with_own_parameters(game: Game[Any], block: Sequence[_Row], sizes: Sequence[int]) -> Game[Any]:
    repeats = torch.tensor(sizes)
    own = {
        name: torch.tensor([row.run.parameters[name] for row in block], dtype=torch.float64).repeat_interleave(repeats)
        for name in block[0].run.parameters
    }
    return game.with_parameters(**own)


def _part(episode: Episode, place: slice) -> Episode:
    # Sums of numbers that begin elsewhere in memory may round otherwise: a run's own copy begins where it would alone.
    cut = {name: value[place].clone() for name, value in episode.accounts.items()}
    return Episode(cut, {role: value[place].clone() for role, value in episode.returns.items()})


class _SharedOut:
    """Plays a role by several agents, each in its own copies; neighbours with one agent are played at once."""

    def __init__(self, shares: Sequence[tuple[Agent, slice]]) -> None:
        self.shares: list[tuple[Agent, slice]] = []
        for agent, place in shares:
            if self.shares and self.shares[-1][0] is agent:
                place = slice(self.shares.pop()[1].start, place.stop)
            self.shares.append((agent, place))

    def start(self, game: Game[Any], role: Role, num_envs: int) -> list[Any]:
        """Return the memory of every agent."""
        return [agent.start(_game_of(game, place), role, place.stop - place.start) for agent, place in self.shares]

    def act(self, observation: Observation, memory: list[Any], key: Tensor) -> tuple[Tensor, list[Any]]:
        """Return the actions of all copies ``[B, N, ...]``."""
        if len(self.shares) == 1:
            action, after = self.shares[0][0].act(observation, memory[0], key)
            return action, [after]
        parts = [
            agent.act(_of_copies(observation, place), mine, key[place])
            for (agent, place), mine in zip(self.shares, memory, strict=True)
        ]
        return torch.cat([action for action, _ in parts]), [after for _, after in parts]


def _game_of(game: Game[Any], place: slice) -> Game[Any]:
    """Return the game with the parameters of some copies, for agents that ask it for answers."""
    own = {name: value[place] for name, value in game.parameters.items() if value.ndim}
    return game.with_parameters(**own) if own else game


def _of_copies(observation: Observation, place: slice) -> Observation:
    return tree_map(lambda leaf: leaf[place], observation)
