"""Payoffs from files: Gambit's ``.nfg`` files of normal-form games, and CSV tables.

A CSV file has one column per player, with the names of its options, and a column ``payoff_<player>`` of payoffs for
each; one row per combination of options, in any order.

Source: *The Gambit Format Specification*, the payoff and the outcome version of ``.nfg`` files.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from econsim.errors import UserError
from econsim.games._gambit import KEY, GambitReader, gambit_text
from econsim.games._payoffs import PAYOFF, players_of
from econsim.storage.csv_reader import CsvTable, read_csv

MOST_PAYOFFS = 10_000_000

Floats = NDArray[np.float64]


class GameFile(NamedTuple):
    """Payoffs of each player by name, as nested lists, and the names of its options; none if they are numbered."""

    payoffs: dict[str, Any]
    options: dict[str, tuple[str, ...]]


def read_payoffs(file: str) -> GameFile:
    """Return the game of a file that ends in ``.nfg`` or ``.csv``, relative to the working directory.

    Raises:
        UserError: the file cannot be read, or its content is not a game; the message names what was expected.
    """
    path = Path(file)
    if path.suffix.lower() == ".nfg":
        return _Nfg(gambit_text(file), f"{KEY}: {file}").game()
    if path.suffix.lower() == ".csv":
        return _from_csv(read_csv(path, KEY))
    raise UserError(f"{KEY}: expected a file that ends in .nfg or .csv, found {file}")


def _from_csv(table: CsvTable) -> GameFile:
    players = players_of(table, KEY)
    if not players:
        raise UserError(f"{KEY}: {table.name}: expected a column for each player and a column {PAYOFF}<player>")
    options = {player: tuple(dict.fromkeys(table.column(player))) for player in players}
    shape = tuple(map(len, options.values()))
    if len(table) != prod(shape):
        expected = f"{' x '.join(map(str, shape))} = {prod(shape)} rows, one per combination of options"
        raise UserError(f"{KEY}: {table.name}: expected {expected}, found {len(table)}")
    places = [[options[player].index(cell) for cell in table.column(player)] for player in players]
    seen: set[tuple[int, ...]] = set()
    for row, profile in enumerate(zip(*places, strict=True)):
        if profile in seen:
            raise table.mistake(row, players[0], "each combination of options once")
        seen.add(profile)
    payoffs = {}
    for player in players:
        values = np.empty(shape)
        values[tuple(np.array(places))] = table.numbers(f"{PAYOFF}{player}", "a payoff")
        payoffs[player] = values.tolist()
    return GameFile(payoffs, options)


class _Nfg(GambitReader):
    """Reader of a ``.nfg`` file."""

    def game(self) -> GameFile:
        """Return the game."""
        self.header("NFG", "1")
        self.in_quotes("a title in quotes")
        players = self.players()
        options, shape = self._options(len(players))
        if prod(shape) * len(players) > MOST_PAYOFFS:
            raise self.mistake(f"at most {MOST_PAYOFFS:,} payoffs")
        self.optional_text()  # a comment
        numbered = self._outcomes(shape, len(players)) if self.peek() == "{" else self._payoffs()
        if len(numbered) != prod(shape) * len(players):
            raise self.mistake(f"{prod(shape) * len(players)} payoffs, found {len(numbered)}")
        # The option of the first player varies fastest, which is Fortran's order.
        tables = np.array(numbered).reshape(-1, len(players)).T.reshape(len(players), *shape[::-1])
        payoffs = {name: tables[number].T.tolist() for number, name in enumerate(players)}
        return GameFile(payoffs, {name: of for name, of in zip(players, options, strict=True) if _all_differ(of)})

    def _options(self, players: int) -> tuple[list[tuple[str, ...]], tuple[int, ...]]:
        """Return the names of each player's options, none where the file gives only their number, and the numbers."""
        if self.next("the options of the players in braces") != "{":
            raise self.mistake("the options of the players in braces")
        if self.peek() != "{":
            return [()] * players, self._counts(players)
        options = []
        while self.peek() == "{":
            options.append(tuple(self.until_brace("options")))
        if self.next("'}'") != "}" or len(options) != players or not all(options):
            raise self.mistake(f"the options of {players} players")
        return options, tuple(map(len, options))

    def _counts(self, players: int) -> tuple[int, ...]:
        expected = f"{players} numbers of options, each at least 1"
        counts = []
        while (token := self.next(expected)) != "}":
            counts.append(self.whole(token, 1, sys.maxsize, expected))
        if len(counts) != players:
            raise self.mistake(expected)
        return tuple(counts)

    def _outcomes(self, shape: Sequence[int], players: int) -> list[float]:
        """Return the payoffs of the outcome version: a list of outcomes, then the outcome of each combination."""
        self.next("a list of outcomes")
        outcomes = [[0.0] * players]
        while self.peek() == "{":
            outcome = list(self.until_brace("an outcome"))
            if len(outcome) != players + 1:
                raise self.mistake(f"outcomes with a name and {players} payoffs")
            outcomes.append([float(self.number(payoff)) for payoff in outcome[1:]])
        if self.next("'}'") != "}":
            raise self.mistake("a list of outcomes with a name and payoffs, each in braces")
        expected = f"{prod(shape)} numbers of outcomes, from 0 to {len(outcomes) - 1}"
        numbers = [self.whole(token, 0, len(outcomes) - 1, expected) for token in self._rest()]
        if len(numbers) != prod(shape):
            raise self.mistake(expected)
        return [payoff for number in numbers for payoff in outcomes[number]]

    def _payoffs(self) -> list[float]:
        return [float(self.number(token)) for token in self._rest()]

    def _rest(self) -> Iterator[str]:
        while self.peek():
            yield self.next("")


def _all_differ(names: Sequence[str]) -> bool:
    return 0 < len(names) == len({name.casefold() for name in names})
