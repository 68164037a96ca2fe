"""Response store: the answers of a model by request, in one SQLite file.

While it is open for writing, the file is in write-ahead-logging mode, so that several runs can share it and an
interrupted run loses no committed answer. When the last writer closes it, it is a single file again, which can be
copied or published.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from econsim.errors import UserError
from econsim.llm.envelope import Envelope
from econsim.llm.requests import Reply, Request

__all__ = ["Recorded", "Store"]

_FORMAT = 2
"""Format 1 had no column ``envelope``; it is read as it is, and completed when it is opened for writing."""
_OURS = 0x65636F6E  # "econ": the SQLite application_id of response stores
_AT_ONCE = 500
_SECONDS_TO_WAIT = 30.0
_TABLE = """
CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY, model TEXT NOT NULL, purpose TEXT NOT NULL, reply TEXT, reason TEXT NOT NULL,
    input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, at REAL NOT NULL, envelope TEXT
) WITHOUT ROWID
"""
_ADD = """
INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
    model = excluded.model, purpose = excluded.purpose, reply = excluded.reply, reason = excluded.reason,
    input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, at = excluded.at,
    envelope = excluded.envelope
WHERE answers.reply IS NULL AND excluded.reply IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The recorded result of a request: its reply, or ``None`` and the reason why the run continued without one."""

    reply: Reply | None
    reason: str = ""


class Store:
    """An open response store, to be used from one thread."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        """Open the file ``path``; it is created if it does not exist, unless ``read_only``.

        Raises:
            UserError: the file does not exist and ``read_only`` is set, or it is not a response store.
        """
        if read_only and not path.is_file():
            raise UserError(f"{path}: no such response store; give llm.store=RUN/answers.sqlite")
        try:
            self._file = _opened(path, read_only)
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"{path}: cannot be used as a response store ({error})") from error
        self.path, self._read_only = path, read_only
        self._columns = "key, reply, reason, input_tokens, output_tokens, " + _envelope_column(self._file)

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Recorded]:
        """Return the recorded results of the requests with these keys, by key."""
        results: dict[bytes, Recorded] = {}
        for start in range(0, len(keys), _AT_ONCE):
            batch = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(batch))
            query = f"SELECT {self._columns} FROM answers WHERE key IN ({marks})"
            for key, text, reason, input_tokens, output_tokens, envelope in self._file.execute(query, batch):
                stated = Envelope.from_json(envelope)
                reply = None if text is None else Reply(text, input_tokens, output_tokens, stated)
                results[key] = Recorded(reply, reason)
        return results

    def add(self, entries: Iterable[tuple[Request, str, Recorded]]) -> None:
        """Store requests with their purpose and result in one transaction.

        An existing entry is changed only if it has no reply and the new one has.
        """
        rows = [(request.key, request.model, purpose, *_row(recorded)) for request, purpose, recorded in entries]
        with self._file:
            self._file.execute("BEGIN IMMEDIATE")
            self._file.executemany(_ADD, rows)

    def __len__(self) -> int:
        return int(self._file.execute("SELECT COUNT(*) FROM answers").fetchone()[0])

    def close(self) -> None:
        """Close the file; it is a single complete file afterwards, unless another process has it open."""
        if not self._read_only:
            with suppress(sqlite3.OperationalError):  # another run has it open and will do this when it closes it
                self._file.execute("PRAGMA journal_mode=DELETE")
        self._file.close()


def _row(recorded: Recorded) -> tuple[str | None, str, int, int, float, str | None]:
    reply, now = recorded.reply, time.time()
    if reply is None:
        return None, recorded.reason, 0, 0, now, None
    return reply.text, recorded.reason, reply.input_tokens, reply.output_tokens, now, reply.envelope.to_json()


def _envelope_column(file: sqlite3.Connection) -> str:
    """Return the column of envelopes in a query; ``NULL`` for a file of format 1, which has none."""
    names = [column[1] for column in file.execute("PRAGMA table_info(answers)")]
    return "envelope" if "envelope" in names else "NULL"


def _opened(path: Path, read_only: bool) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    file = sqlite3.connect(uri, uri=True, timeout=_SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False)
    try:
        _check(file, empty_allowed=not read_only)
        if not read_only:
            file.execute("PRAGMA journal_mode=WAL")
            file.execute("PRAGMA synchronous=NORMAL")
            file.execute(_TABLE)
            if _envelope_column(file) == "NULL":
                file.execute("ALTER TABLE answers ADD COLUMN envelope TEXT")
            file.execute(f"PRAGMA application_id={_OURS}")
            file.execute(f"PRAGMA user_version={_FORMAT}")
    except BaseException:
        file.close()
        raise
    return file


def _check(file: sqlite3.Connection, empty_allowed: bool) -> None:
    """Raise ``sqlite3.DatabaseError`` unless a file is a response store, or new."""
    owner, version = (file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if owner == _OURS and not 1 <= version <= _FORMAT:
        raise sqlite3.DatabaseError(f"it has format {version}; this version of econsim reads formats 1 to {_FORMAT}")
    tables = file.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    if owner != _OURS and (tables or not empty_allowed):
        raise sqlite3.DatabaseError("it is not a database of econsim")
