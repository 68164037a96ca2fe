"""Transcript of a run: every question with its addressee, the reply, and what was understood, in one SQLite file.

Texts are stored once: a prompt is a list of lines, and a line that many prompts share, such as the rules of a game or a
step in a player's history, takes eight bytes in each of them. A question that a resumed run asks again is one entry.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from struct import iter_unpack, pack
from typing import Any, NamedTuple

from econsim.errors import RunError, UserError
from econsim.llm.characters import whole_characters
from econsim.llm.questions import Answer, Question
from econsim.llm.requests import Request

__all__ = ["TRANSCRIPT", "Asker", "Entry", "Transcript", "entries", "values_of"]

TRANSCRIPT = "transcript.sqlite"
"""File name of the transcript in the folder of a run."""
_OURS = 0x65636F74  # "ecot": the SQLite application_id of transcripts
_MOST_REMEMBERED = 100_000  # lines whose numbers are kept in memory
_TABLES = """
CREATE TABLE IF NOT EXISTS lines (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, asker TEXT NOT NULL, role TEXT NOT NULL, player INTEGER NOT NULL, copy INTEGER NOT NULL,
    step INTEGER NOT NULL, purpose TEXT NOT NULL, model TEXT NOT NULL, persona BLOB NOT NULL, system BLOB NOT NULL,
    user BLOB NOT NULL, reply BLOB NOT NULL, reasoning BLOB NOT NULL, value TEXT NOT NULL, outcome TEXT NOT NULL,
    reason TEXT NOT NULL, request BLOB NOT NULL,
    UNIQUE (asker, role, player, copy, step, purpose, request)
);
"""
_ADD = f"INSERT OR IGNORE INTO entries VALUES (NULL{', ?' * 16})"


class Asker(NamedTuple):
    """The part of a run that asks: the labels of a score (or of a fit), and the group of a role with several agents.

    ``model``: the name of its model in ``llm.models``; empty for that of the section ``llm``. ``players``: the indices
    of the group's players in their role; ``None`` for a role without groups.
    """

    policy: str = ""
    response: str = ""
    seed: int = 0
    role: str = ""
    group: str = ""
    players: tuple[int, ...] | None = None
    model: str = ""


class Entry(NamedTuple):
    """One question and its reply.

    ``player`` counts from 0 in the role, ``episode`` from 0, and ``step`` from 1; they are ``None`` where the agent did
    not state them. ``value``: what was understood, ``None`` if the reply could not be used. ``request``: the beginning
    of the request's key, as in ``calls.jsonl``.
    """

    number: int
    policy: str
    response: str
    seed: int
    role: str
    group: str
    player: int | None
    persona: str
    episode: int
    step: int | None
    purpose: str
    model: str
    system: str
    user: str
    reply: str
    reasoning: str
    value: Any
    outcome: str
    reason: str
    request: str


class Transcript:
    """An open transcript, to be used from one thread."""

    def __init__(self, path: Path) -> None:
        """Open or create the file ``path``.

        Raises:
            UserError: the file is not a transcript, or cannot be written to.
        """
        self.path = path
        self._known: dict[str, int] = {}
        try:
            self._file = _opened(path, read_only=False)
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"{path}: cannot be used as a transcript ({error}); move it away, then repeat") from error

    def add(self, asker: Asker, together: Sequence[tuple[Question, Request, Answer]]) -> None:
        """Append questions with their requests and answers in one transaction.

        Raises:
            RunError: writing to disk failed.
        """
        new: dict[int, str] = {}
        labels = json.dumps([asker.policy, asker.response, asker.seed, asker.group])
        rows = [self._row(asker, labels, *each, new) for each in together]
        try:
            with self._file:
                self._file.execute("BEGIN IMMEDIATE")
                self._file.executemany("INSERT OR IGNORE INTO lines VALUES (?, ?)", new.items())
                self._file.executemany(_ADD, rows)
        except sqlite3.Error as error:
            self._known.clear()
            raise RunError(f"{self.path}: cannot be written ({error}); free some disk space, then resume") from error

    def close(self) -> None:
        """Close the file, which is a single complete file afterwards."""
        self._file.execute("PRAGMA journal_mode=DELETE")
        self._file.close()

    def _row(
        self, asker: Asker, labels: str, question: Question, request: Request, answer: Answer, new: dict[int, str]
    ) -> tuple[Any, ...]:
        about = question.addressee
        player = -1 if about.player is None else about.player if not asker.players else asker.players[about.player]
        texts = about.persona, request.system, request.user, answer.text, answer.envelope.reasoning
        return (
            labels,
            about.role or asker.role,
            player,
            about.copy,
            -1 if about.step is None else about.step,
            question.purpose,
            request.model,
            *[self._packed(text, new) for text in texts],
            json.dumps(answer.value, default=str),
            answer.outcome,
            answer.reason,
            request.key,
        )

    def _packed(self, text: str, new: dict[int, str]) -> bytes:
        """Return the numbers of a text's lines; lines that are not in the file yet are added to ``new``."""
        if not text:
            return b""
        known, ids = self._known, []
        for line in text.split("\n"):
            number = known.get(line)
            if number is None:
                number = self._numbered(line, new)
            ids.append(number)
        return pack(f"<{len(ids)}q", *ids)

    def _numbered(self, line: str, new: dict[int, str]) -> int:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        whole = whole_characters(line)
        number = int.from_bytes(blake2b(whole.encode(), digest_size=8).digest(), "little", signed=True)
        self._known[line] = number
        new[number] = whole
        return number


def entries(path: Path, conditions: str = "1", values: Iterable[Any] = ()) -> Iterator[Entry]:
    """Yield the entries of a transcript in the order in which they were asked.

    Args:
        path: the file.
        conditions: an SQL condition on the columns ``role``, ``player``, ``copy``, ``step``, ``purpose``, ``outcome``.
        values: the values of its placeholders.

    Raises:
        RunError: the file is not a transcript, or is damaged.
    """
    with _reading(path) as file:
        lines: dict[int, str] = {}
        for row in file.execute(f"SELECT * FROM entries WHERE {conditions} ORDER BY number", tuple(values)):
            yield _entry(file, lines, row)


def values_of(path: Path, column: str) -> list[Any]:
    """Return the distinct values of a column, in order; raises as :func:`entries`."""
    with _reading(path) as file:
        return [value for (value,) in file.execute(f"SELECT DISTINCT {column} FROM entries ORDER BY 1")]


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        file = _opened(path, read_only=True)
        try:
            yield file
        finally:
            file.close()
    except (OSError, sqlite3.Error, ValueError) as error:
        raise RunError(f"{path}: the transcript cannot be read ({error})") from error


def _entry(file: sqlite3.Connection, lines: dict[int, str], row: tuple[Any, ...]) -> Entry:
    number, asker, role, player, copy, step, purpose, model, *packed, value, outcome, reason, request = row
    policy, response, seed, group = json.loads(asker)
    persona, system, user, reply, reasoning = (_text(file, lines, ids) for ids in packed)
    return Entry(
        number,
        policy,
        response,
        seed,
        role,
        group,
        None if player < 0 else player,
        persona,
        copy,
        None if step < 0 else step,
        purpose,
        model,
        system,
        user,
        reply,
        reasoning,
        json.loads(value),
        outcome,
        reason,
        request.hex()[:16],
    )


def _text(file: sqlite3.Connection, lines: dict[int, str], packed: bytes) -> str:
    numbers = [number for (number,) in iter_unpack("<q", packed)]
    for number in set(numbers) - lines.keys():
        lines[number] = file.execute("SELECT text FROM lines WHERE id = ?", (number,)).fetchone()[0]
    return "\n".join([lines[number] for number in numbers])


def _opened(path: Path, read_only: bool) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    file = sqlite3.connect(uri, uri=True, timeout=30.0, isolation_level=None, check_same_thread=False)
    try:
        owner = file.execute("PRAGMA application_id").fetchone()[0]
        is_new = not file.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if owner != _OURS and (read_only or not is_new):
            raise sqlite3.DatabaseError("it is not a transcript of econsim")
        if not read_only:
            file.execute("PRAGMA journal_mode=WAL")
            file.execute("PRAGMA synchronous=NORMAL")
            file.executescript(_TABLES)
            file.execute(f"PRAGMA application_id={_OURS}")
    except BaseException:
        file.close()
        raise
    return file
