"""Logs of play: joint actions, payoffs and next states, from CSV or Parquet files, or sampled from a known game."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.markov import MarkovForm
from econsim.storage.csv_reader import CsvTable, read_csv

__all__ = ["PlayLog", "read_log", "read_policy", "sampled_log"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
PAYOFF, ONLY = "payoff_", "0"
_TIME = ("episode", "period", "state", "next_state")


@dataclass(frozen=True)
class PlayLog:
    """``N`` rows of play of ``P`` players.

    Attributes:
        options: names of each player's options, by player, in order.
        states: names of the ``S`` states; one where the log has none.
        period: ``[N]``, from 0.
        state: ``[N]``, the index of the state.
        actions: ``[N, P]``, the index of each player's option.
        payoffs: ``[N, P]``.
        next_state: ``[N]``.
    """

    options: Mapping[str, tuple[str, ...]]
    states: tuple[str, ...]
    period: Integers
    state: Integers
    actions: Integers
    payoffs: Floats
    next_state: Integers

    @property
    def shape(self) -> tuple[int, ...]:
        """The numbers of states and of each player's options, ``(S, A_1, ..., A_P)``."""
        return (len(self.states), *map(len, self.options.values()))

    @property
    def cell(self) -> Integers:
        """The index of each row's state and joint action in a table of :attr:`shape`, ``[N]``."""
        place = np.ravel_multi_index((self.state, *self.actions.T), self.shape)
        return np.asarray(place, np.int64)

    def behaviour(self, horizon: int) -> Tensor:
        """Return the share of each joint action in each state, ``[H, S, A_1, ..., A_P]``; uniform in unseen states."""
        counts = np.bincount(self.cell, minlength=int(np.prod(self.shape))).reshape(len(self.states), -1).astype(float)
        total = counts.sum(-1, keepdims=True)
        law = np.where(total > 0, counts / np.maximum(total, 1), 1.0 / counts.shape[1]).reshape(self.shape)
        return torch.from_numpy(law).expand(horizon, *self.shape)


def read_log(path: Path, options: Mapping[str, Sequence[str]] | None = None) -> PlayLog:
    """Return the log of a CSV or Parquet file.

    Columns: the option of each player under the player's name, its payoff under ``payoff_<player>``, and for games of
    several periods ``episode``, ``period`` (from 1), ``state`` and ``next_state``. Rows of an episode are in order.

    Args:
        path: the file.
        options: names of a player's options, by player, where some were never played; others are an error.

    Raises:
        UserError: the file is not a log; the message names the row and what was expected.
    """
    table = _table(path)
    players = [name for name in table.columns if f"{PAYOFF}{name}" in table.columns]
    if not players or not len(table):
        raise UserError(f"{table.name}: expected rows, and a column {PAYOFF}<player> for each column <player>")
    timed = [name for name in _TIME if name in table.columns]
    if timed and (missing := [name for name in _TIME if name not in timed]):
        raise UserError(f"{table.name}: expected a column {missing[0]} too, as there is a column {timed[0]}")
    if lost := [name for name in table.columns if name.startswith(PAYOFF) and name.removeprefix(PAYOFF) not in players]:
        raise UserError(
            f"{table.name}: expected a column {lost[0].removeprefix(PAYOFF)} with the options, for {lost[0]}"
        )
    named = {player: _options(table, player, (options or {}).get(player)) for player in players}
    if unknown := [player for player in options or {} if player not in players]:
        raise UserError(f"{table.name}: no player is called {unknown[0]}; players: {', '.join(players)}")
    actions = np.array([[named[player].index(cell) for cell in table.column(player)] for player in players]).T
    payoffs = np.array([table.numbers(f"{PAYOFF}{player}", "a finite payoff") for player in players]).T
    rows = len(table)
    if not timed:
        nothing = np.zeros(rows, np.int64)
        return PlayLog(named, (ONLY,), nothing, nothing, actions, payoffs, nothing)
    period = _periods(table)
    seen, following = table.column("state"), table.column("next_state")
    states = tuple(dict.fromkeys([*seen, *following]))
    state, after = (np.array([states.index(cell) for cell in cells]) for cells in (seen, following))
    return PlayLog(named, states, period, state, actions, payoffs, after)


def _options(table: CsvTable, player: str, given: Sequence[str] | None) -> tuple[str, ...]:
    cells = table.column(player)
    if given is None:
        return tuple(sorted(set(cells)))
    for row, cell in enumerate(cells):
        if cell not in given:
            raise table.mistake(row, player, f"one of {', '.join(given)}")
    return tuple(given)


def _periods(table: CsvTable) -> Integers:
    """Return the period of each row, from 0; an episode has no gaps, and goes on in the state that it reached."""
    numbers = table.numbers("period", "a whole number from 1", lambda value: value >= 1 and value == int(value))
    episodes, states, following = (table.column(name) for name in ("episode", "state", "next_state"))
    closed: set[str] = set()
    for row, number in enumerate(numbers):
        if row and episodes[row] == episodes[row - 1]:
            if number != numbers[row - 1] + 1:
                raise table.mistake(row, "period", f"period {numbers[row - 1] + 1:g}, without a gap in time")
            if states[row] != following[row - 1]:
                raise table.mistake(row, "state", f"the next_state of the row before, {following[row - 1]!r}")
            continue
        if episodes[row] in closed:
            raise table.mistake(row, "episode", "all rows of an episode together")
        if number != 1:
            raise table.mistake(row, "period", "period 1 at the start of an episode")
        closed.add(episodes[row])
    return np.array(numbers, np.int64) - 1


def _table(path: Path) -> CsvTable:
    if path.suffix.lower() != ".parquet":
        return read_csv(path, "log")
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except Exception as error:  # the reader's errors have no common class
        raise UserError(f"log: cannot read {path}: {error}") from None
    cells = {str(name): [str(cell) for cell in frame[name]] for name in frame.columns}
    return CsvTable(str(path), cells, range(1, len(frame) + 1))


def read_policy(path: Path, log: PlayLog, horizon: int) -> Tensor:
    """Return a joint policy ``[H, S, A_1, ..., A_P]`` from a CSV file that ``econsim solve --csv`` writes.

    Columns: the option of each player under its name, and ``probability``; ``state`` where the log has states, and
    ``period`` (from 1) where the policy differs between periods.

    Raises:
        UserError: a column is missing, a name is not one of the log, or probabilities do not add up to 1.
    """
    table = read_csv(path, "policy")
    shares = table.numbers("probability", "a number from 0 to 1", lambda share: 0 <= share <= 1)
    law = np.zeros((horizon, *log.shape))
    places = [_indices(table, player, names) for player, names in log.options.items()]
    states = _indices(table, "state", log.states) if len(log.states) > 1 else [0] * len(table)
    every = range(horizon)
    periods: list[Sequence[int]] = [every] * len(table)
    if "period" in table.columns:
        names = tuple(str(number + 1) for number in every)
        periods = [[period] for period in _indices(table, "period", names)]
    for row, share in enumerate(shares):
        for period in periods[row]:
            flat = np.ravel_multi_index((period, states[row], *(of[row] for of in places)), law.shape)
            law.flat[flat] += share
    total = law.reshape(horizon, len(log.states), -1).sum(-1)
    for period, state in np.argwhere(np.abs(total - 1) > 1e-6):
        place = f"period {period + 1}, state {log.states[state]}"
        raise UserError(
            f"{table.name}: {place}: expected probabilities that add up to 1, found {total[period, state]:g}"
        )
    return torch.from_numpy(law / total.reshape(*total.shape, *[1] * (law.ndim - 2)))


def _indices(table: CsvTable, column: str, names: Sequence[str]) -> list[int]:
    for row, cell in enumerate(table.column(column)):
        if cell not in names:
            raise table.mistake(row, column, f"one of {', '.join(names[:20])}, as in the log")
    return [names.index(cell) for cell in table.column(column)]


class _Drawn(NamedTuple):
    """Rows of one period of all episodes."""

    state: Tensor
    actions: Tensor
    payoffs: Tensor
    after: Tensor


def sampled_log(
    form: MarkovForm, joint: Tensor, episodes: int, players: Mapping[str, Sequence[str]], seed: int = 0
) -> PlayLog:
    """Return a log of independent episodes in which a joint policy ``[H, S, A_1, ..., A_P]`` plays a known game.

    Args:
        form: the game.
        joint: the policy.
        episodes: the number of episodes.
        players: names of each player's options, by player.
        seed: of all draws.
    """
    key = random.keys(seed, episodes)
    state, drawn = random.categorical(key, 0, "log/start", form.start.log().expand(episodes, -1)), []
    for period in range(form.horizon):
        law = joint[period, state].flatten(1)
        choice = random.categorical(key, period, "log/actions", law.log())
        actions = torch.stack(torch.unravel_index(choice, joint.shape[2:]), -1)
        place = (state, *actions.unbind(-1))
        paid = form.rewards[period].movedim(0, -1)[place]
        after = random.categorical(key, period, "log/next", form.transitions[period][place].log())
        drawn.append(_Drawn(state, actions, paid, after))
        state = after
    columns = [torch.stack(column, 1).flatten(0, 1).numpy() for column in zip(*drawn, strict=True)]
    periods = np.tile(np.arange(form.horizon), episodes)
    names = form.state_names or tuple(map(str, range(form.states)))
    return PlayLog({name: tuple(of) for name, of in players.items()}, names, periods, *columns)
