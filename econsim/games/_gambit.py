"""Tokens of Gambit's ``.efg`` and ``.nfg`` files, read one after another with the line of every mistake.

Source: *The Gambit Format Specification*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from econsim.errors import UserError
from econsim.games._payoffs import LARGEST
from econsim.storage.user_files import decoded, read_user_file

__all__ = ["KEY", "GambitReader", "gambit_text", "identifier", "quoted"]

KEY = "game.file"
_MOST_BYTES = 64 << 20

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]|[^\s{}",]+')
_NUMBER = re.compile(r"[-+]?(\d{1,300}/\d{1,300}|(\d{1,300}\.?\d{0,300}|\.\d{1,300})([eE][-+]?\d{1,2})?)", re.ASCII)
_WHOLE = re.compile(r"\d{1,18}", re.ASCII)


def gambit_text(file: str) -> str:
    """Return the text of a file, relative to the working directory.

    Raises:
        UserError: the file cannot be read; the message names the key.
    """
    try:
        raw = read_user_file(Path(file), _MOST_BYTES)
    except UserError as error:
        raise UserError(f"{KEY}: cannot read {error}") from None
    return decoded(raw, file, KEY)


class GambitReader:
    """Reader of the tokens of one file; ``name`` is that of the file in messages, with the key that names it."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name, self.at = text, name, 0
        self._tokens = _TOKEN.finditer(text)
        self._waiting: re.Match[str] | None = None

    def peek(self) -> str:
        """Return the next token without reading it; "" at the end of the file."""
        if self._waiting is None:
            self._waiting = next(self._tokens, None)
        return "" if self._waiting is None else self._waiting.group()

    def next(self, expected: str) -> str:
        """Read and return the next token; ``expected`` says what it is, for the message at the end of the file."""
        token = self.peek()
        if self._waiting is None:
            self.at = len(self.text)
            raise self.mistake(f"{expected}, found the end of the file")
        self.at, self._waiting = self._waiting.start(), None
        return token

    def header(self, kind: str, version: str) -> None:
        """Read the first words of a file, such as ``EFG 2 R``; ``D`` is the older spelling of ``R``."""
        if [self.next(kind), self.next(version), self.next("R")] not in ([kind, version, "R"], [kind, version, "D"]):
            raise self.mistake(f"a file that starts with '{kind} {version} R'")

    def players(self) -> tuple[str, ...]:
        """Read the names of the players, as names of roles."""
        players = tuple(map(identifier, self.until_brace("the names of the players")))
        if not players or len(set(players)) < len(players):
            raise self.mistake("players with different names")
        return players

    def in_quotes(self, expected: str) -> str:
        """Read a text in quotes."""
        token = self.next(expected)
        if not token.startswith('"'):
            raise self.mistake(expected)
        return _unquoted(token)

    def optional_text(self) -> str:
        """Read a text in quotes if one follows; else return ""."""
        return self.in_quotes("") if self.peek().startswith('"') else ""

    def until_brace(self, expected: str) -> Iterator[str]:
        """Read a list in braces, and yield its members without quotes."""
        if self.next(f"{expected} in braces") != "{":
            raise self.mistake(f"{expected} in braces")
        while (token := self.next("'}'")) != "}":
            if token == "{":
                raise self.mistake("'}'")
            yield _unquoted(token)

    def number(self, token: str) -> Fraction:
        """Return the number that a token means, exactly."""
        if not _NUMBER.fullmatch(token) or re.search(r"/0+$", token):
            raise self.mistake(f"a number such as 3, -0.5, 1/3 or 2e-3, found {_short(token)}")
        number = Fraction(token)
        if abs(number) > LARGEST:
            raise self.mistake(f"a number between -{LARGEST:g} and {LARGEST:g}, found {_short(token)}")
        return number

    def whole(self, token: str, low: int, high: int, expected: str) -> int:
        """Return the whole number that a token means, from ``low`` to ``high``."""
        if not _WHOLE.fullmatch(token) or not low <= int(token) <= high:
            raise self.mistake(expected)
        return int(token)

    def mistake(self, expected: str) -> UserError:
        """Return the error with the line of the last token that was read."""
        line = self.text.count("\n", 0, self.at) + 1
        return UserError(f"{self.name}:{line}: expected {expected}")


def identifier(name: str) -> str:
    """Return a player's name as the name of a role: in lower case, with underscores."""
    words = "_".join(re.findall(r"\w+", name)).lower()
    return words if words.isidentifier() else f"player_{words}".rstrip("_")


def quoted(text: str) -> str:
    """Return a text in quotes."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith('"') else token


def _short(token: str) -> str:
    return token if len(token) <= 40 else f"{token[:40]}..."
