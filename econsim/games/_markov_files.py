"""Finite Markov games from CSV files.

A file has the columns ``state``, one column per player with the names of its options, ``next_state``, ``probability``
and ``payoff_<player>`` for each player; one row for each next state that can follow. A payoff may depend on the next
state; the game pays its mean. A state that appears as a next state only ends the game: nothing more is paid.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from econsim.errors import UserError
from econsim.games._markov_tables import TOLERANCE, check_size
from econsim.games._payoffs import PAYOFF, players_of
from econsim.storage.csv_reader import CsvTable, read_csv

_KEY = "game.file"


def read_markov_game(file: str) -> dict[str, Any]:
    """Return ``rewards``, ``transitions``, ``states`` and ``options`` of a CSV file, as plain lists.

    Raises:
        UserError: the file cannot be read, or is not a game; the message names the line.
    """
    path = Path(file)
    if path.suffix.lower() != ".csv":
        raise UserError(f"{_KEY}: expected a file that ends in .csv, found {file}")
    table = read_csv(path, _KEY)
    players = players_of(table, _KEY, ("state", "next_state", "probability"))
    if not players or not len(table):
        expected = f"a column for each player, a column {PAYOFF}<player>, and rows"
        raise UserError(f"{_KEY}: {table.name}: expected {expected}")
    return _MarkovFile(table, players).game()


class _MarkovFile:
    """The content of a file: rows by state and action profile."""

    def __init__(self, table: CsvTable, players: list[str]) -> None:
        self.table, self.players = table, players
        self.options = {player: tuple(dict.fromkeys(table.column(player))) for player in players}
        self.acting = tuple(dict.fromkeys(table.column("state")))
        self.states = tuple(dict.fromkeys([*self.acting, *table.column("next_state")]))
        shape = tuple(map(len, self.options.values()))
        try:
            check_size(len(self.states), shape)
        except ValueError as error:
            raise UserError(f"{_KEY}: {table.name}: {error}") from None
        self.rewards = np.zeros((len(players), len(self.states), *shape))
        self.transitions = np.zeros((len(self.states), *shape, len(self.states)))
        self.first_rows: dict[tuple[int, ...], int] = {}

    def game(self) -> dict[str, Any]:
        """Return the game as plain lists."""
        self._fill()
        self._check()
        for number, _ in enumerate(self.states[len(self.acting) :], len(self.acting)):
            self.transitions[number, ..., number] = 1.0
        rewards = dict(zip(self.players, self.rewards.tolist(), strict=True))
        named = {"states": self.states, "options": self.options}
        return {"rewards": rewards, "transitions": self.transitions.tolist(), **named}

    def _fill(self) -> None:
        table = self.table
        likely = table.numbers("probability", "a probability between 0 and 1", lambda share: 0 <= share <= 1)
        paid = [table.numbers(f"{PAYOFF}{player}", "a payoff") for player in self.players]
        places = [[self.options[player].index(cell) for cell in table.column(player)] for player in self.players]
        before = [self.states.index(cell) for cell in table.column("state")]
        after = [self.states.index(cell) for cell in table.column("next_state")]
        seen: set[tuple[int, ...]] = set()
        for row, (place, following) in enumerate(zip(zip(before, *places, strict=True), after, strict=True)):
            if (*place, following) in seen:
                raise table.mistake(row, "next_state", "each next state once")
            seen.add((*place, following))
            self.first_rows.setdefault(place, row)
            self.transitions[(*place, following)] = likely[row]
            self.rewards[(slice(None), *place)] += [likely[row] * payoff[row] for payoff in paid]

    def _check(self) -> None:
        for place in product(*(range(len(names)) for names in (self.acting, *self.options.values()))):
            total = self.transitions[place].sum()
            row = self.first_rows.get(place)
            if row is None:
                raise UserError(f"{_KEY}: {self.table.name}: no row for {self._words(place)}")
            if abs(total - 1) > TOLERANCE:
                where = f"{self.table.name}:{self.table.lines[row]}"
                expected = "expected probabilities that add up to 1"
                raise UserError(f"{_KEY}: {where}: {self._words(place)}: {expected}, found a sum of {total:g}")

    def _words(self, place: tuple[int, ...]) -> str:
        state, *actions = place
        chosen = zip(self.options.items(), actions, strict=True)
        return ", ".join(
            [f"state {self.states[state]}", *(f"{name} {names[action]}" for (name, names), action in chosen)]
        )
