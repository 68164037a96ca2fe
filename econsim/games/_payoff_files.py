"""Payoffs from files: Gambit's ``.nfg`` files of normal-form games, and CSV tables.

A CSV file has one column per player, with the names of its options, and a column ``payoff_<player>`` of payoffs for
each; one row per combination of options, in any order.

Source: *The Gambit Format Specification*, the payoff and the outcome version of ``.nfg`` files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from econsim.errors import UserError
from econsim.storage.csv_reader import CsvTable, read_csv
from econsim.storage.user_files import decoded, read_user_file

MOST_BYTES = 64 << 20
MOST_PAYOFFS = 10_000_000
_KEY = "game.file"
_PAYOFF = "payoff_"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]|[^\s{}",]+')

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
        return _Nfg(decoded(read_user_file(path, MOST_BYTES), file, _KEY), file).game()
    if path.suffix.lower() == ".csv":
        return _from_csv(read_csv(path, _KEY))
    raise UserError(f"{_KEY}: expected a file that ends in .nfg or .csv, found {file}")


def _from_csv(table: CsvTable) -> GameFile:
    players = [name for name in table.columns if f"{_PAYOFF}{name}" in table.columns]
    if not players:
        raise UserError(f"{_KEY}: {table.name}: expected a column for each player and a column {_PAYOFF}<player>")
    options = {player: tuple(dict.fromkeys(table.column(player))) for player in players}
    shape = tuple(map(len, options.values()))
    if len(table) != prod(shape):
        expected = f"{' x '.join(map(str, shape))} = {prod(shape)} rows, one per combination of options"
        raise UserError(f"{_KEY}: {table.name}: expected {expected}, found {len(table)}")
    places = [[options[player].index(cell) for cell in table.column(player)] for player in players]
    seen: set[tuple[int, ...]] = set()
    for row, profile in enumerate(zip(*places, strict=True)):
        if profile in seen:
            raise table.mistake(row, players[0], "each combination of options once")
        seen.add(profile)
    payoffs = {}
    for player in players:
        values = np.empty(shape)
        values[tuple(np.array(places))] = table.numbers(f"{_PAYOFF}{player}", "a payoff")
        payoffs[player] = values.tolist()
    return GameFile(payoffs, options)


class _Nfg:
    """Reader of a ``.nfg`` file."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.tokens = _TOKEN.finditer(text)
        self.at = 0

    def game(self) -> GameFile:
        """Return the game."""
        if [self._next("NFG"), self._next("1"), self._next("R or D")] not in (["NFG", "1", "R"], ["NFG", "1", "D"]):
            raise self._mistake("a file that starts with 'NFG 1 R'")
        self._text()  # the title
        players = [_identifier(name) for name in self._list()]
        if not players or len(set(players)) < len(players):
            raise self._mistake("players with different names")
        options, shape = self._options(len(players))
        if prod(shape) * len(players) > MOST_PAYOFFS:
            raise self._mistake(f"at most {MOST_PAYOFFS:,} payoffs")
        rest = self._rest()
        numbered = self._outcomes(rest, shape, len(players)) if "{" in rest else self._numbers(rest)
        if len(numbered) != prod(shape) * len(players):
            raise self._mistake(f"{prod(shape) * len(players)} payoffs, found {len(numbered)}")
        # The option of the first player varies fastest, which is Fortran's order.
        tables = np.array(numbered).reshape(-1, len(players)).T.reshape(len(players), *shape[::-1])
        payoffs = {name: tables[number].T.tolist() for number, name in enumerate(players)}
        return GameFile(payoffs, {name: of for name, of in zip(players, options, strict=True) if _all_differ(of)})

    def _options(self, players: int) -> tuple[list[tuple[str, ...]], tuple[int, ...]]:
        """Return the names of each player's options, none where the file gives only their number, and the numbers."""
        self._brace()
        first = self._next("numbers of options")
        if first != "{":
            counts = [first, *self._until_brace()]
            if len(counts) != players or not all(count.isdigit() and int(count) for count in counts):
                raise self._mistake(f"{players} numbers of options")
            return [()] * players, tuple(map(int, counts))
        options = [tuple(map(_unquoted, self._until_brace()))]
        while (token := self._next("options")) == "{":
            options.append(tuple(map(_unquoted, self._until_brace())))
        if token != "}" or len(options) != players or not all(options):
            raise self._mistake(f"the options of {players} players")
        return options, tuple(map(len, options))

    def _rest(self) -> list[str]:
        """Return the tokens after the header, without the comment that may precede the payoffs."""
        rest = [token.group() for token in self.tokens]
        self.at = len(self.text)
        return rest[1:] if rest and rest[0].startswith('"') else rest

    def _outcomes(self, tokens: Sequence[str], shape: Sequence[int], players: int) -> list[float]:
        """Return the payoffs of the outcome version: a list of outcomes, then the outcome of each combination."""
        if tokens[0] != "{" or "}" not in tokens:
            raise self._mistake("a list of outcomes")
        last = max(place for place, token in enumerate(tokens) if token == "}")
        inside = " ".join(tokens[1:last]).split("{")[1:]
        listed = [self._numbers(_TOKEN.findall(entry.rstrip(" }"))[1:]) for entry in inside]
        outcomes = [[0.0] * players, *listed]
        if any(len(payoffs) != players for payoffs in outcomes):
            raise self._mistake(f"outcomes with a name and {players} payoffs")
        numbers = tokens[last + 1 :]
        if len(numbers) != prod(shape) or not all(n.isdigit() and int(n) < len(outcomes) for n in numbers):
            raise self._mistake(f"{prod(shape)} numbers of outcomes, from 0 to {len(outcomes) - 1}")
        return [payoff for number in numbers for payoff in outcomes[int(number)]]

    def _numbers(self, tokens: Sequence[str]) -> list[float]:
        try:
            return [float(Fraction(token)) for token in tokens]
        except (ValueError, ZeroDivisionError, OverflowError):
            raise self._mistake("payoffs that are numbers: 3, -0.5, 1/3 or 2e-3") from None

    def _list(self) -> list[str]:
        self._brace()
        return [_unquoted(token) for token in self._until_brace()]

    def _brace(self) -> None:
        if self._next("{") != "{":
            raise self._mistake("'{'")

    def _text(self) -> None:
        if not self._next("a title").startswith('"'):
            raise self._mistake("a title in quotes")

    def _until_brace(self) -> Iterator[str]:
        while (token := self._next("'}'")) != "}":
            if token == "{":
                raise self._mistake("'}'")
            yield token

    def _next(self, expected: str) -> str:
        token = next(self.tokens, None)
        if token is None:
            raise self._mistake(expected)
        self.at = token.start()
        return token.group()

    def _mistake(self, expected: str) -> UserError:
        line = self.text.count("\n", 0, self.at) + 1
        return UserError(f"{_KEY}: {self.name}:{line}: expected {expected}")


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith('"') else token


def _all_differ(names: Sequence[str]) -> bool:
    return 0 < len(names) == len({name.casefold() for name in names})


def _identifier(name: str) -> str:
    """Return a player's name as the name of a role: in lower case, with underscores."""
    words = "_".join(re.findall(r"\w+", name)).lower()
    return words if words.isidentifier() else f"player_{words}".rstrip("_")
