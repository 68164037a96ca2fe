"""The index of a sweep: one SQLite file with the authoritative state of every run.

Only the process that holds the sweep's lock writes to it. All runs of a unit change state in one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from econsim.errors import RunError, UserError
from econsim.sweep.packing import Member, Plan, Unit
from econsim.sweep.table import Planned, Table

__all__ = ["DONE", "FAILED", "RUNNING", "WAITING", "Index", "Record"]

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
_FORMAT = "1"
_SCHEMA = """
create table about (name text primary key, value text not null);
create table bases (number integer primary key, content text not null);
create table units (number integer primary key, packed integer not null, attempts integer not null default 0);
create table runs (
    number integer primary key, unit integer not null, base integer not null, levels text not null,
    numbers text not null, parameters text not null, state text not null, error text, seconds real
);
create index runs_by_unit on runs (unit);
create index runs_by_state on runs (state);
"""
_RECORDS = (
    "select r.number, r.unit, u.packed, r.levels, r.state, u.attempts, r.error, r.seconds"
    " from runs r join units u on u.number = r.unit"
)


@dataclass(frozen=True)
class Record:
    """The entry of one run in the index; ``seconds`` is its share of the time that its unit took."""

    number: int
    unit: int
    packed: bool
    levels: dict[str, Any]
    state: str
    attempts: int
    error: str | None
    seconds: float | None


class Index:
    """An open index. Use it as a context manager, or close it."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise UserError(f"{path.parent}: not the folder of a sweep (expected {path.name} in it)")
        self.path = path
        self._base = sqlite3.connect(path, isolation_level=None, timeout=30.0)
        try:
            version = self.about.get("format")
        except sqlite3.DatabaseError as error:
            raise RunError(f"{path}: the file is damaged ({error})") from error
        if version != _FORMAT:
            raise UserError(
                f"{path}: expected sweep format {_FORMAT}, found {version}; use the version of econsim that wrote it"
            )

    @classmethod
    def create(cls, path: Path, table: Table, plan: Plan, about: dict[str, str]) -> Index:
        """Write the index of a new sweep under a temporary name, rename it, and open it."""
        partial = path.with_name(f".{path.name}.partial")
        partial.unlink(missing_ok=True)
        with _full_disk_reported(path):
            base = sqlite3.connect(partial)
            try:
                base.executescript(_SCHEMA)
                base.executemany("insert into about values (?, ?)", {**about, "format": _FORMAT}.items())
                contents = ((number, json.dumps(each.base)) for number, each in enumerate(table.bases))
                base.executemany("insert into bases values (?, ?)", contents)
                base.executemany("insert into units (number, packed) values (?, ?)", _unit_rows(plan.units))
                base.executemany(
                    "insert into runs values (?, ?, ?, ?, ?, ?, ?, null, null)", _run_rows(table.runs, plan.units)
                )
                base.commit()
            finally:
                base.close()
            partial.replace(path)
        return cls(path)

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @property
    def about(self) -> dict[str, str]:
        """The request and the options of the sweep, as text by name."""
        return dict(self._base.execute("select name, value from about"))

    def counts(self) -> dict[str, int]:
        """Return the number of runs in each state."""
        counts = dict(self._base.execute("select state, count(*) from runs group by state"))
        return {state: counts.get(state, 0) for state in (WAITING, RUNNING, DONE, FAILED)}

    def records(self) -> Iterator[Record]:
        """Yield all runs in order."""
        yield from map(_record, self._base.execute(f"{_RECORDS} order by r.number"))

    def record(self, run: int) -> Record:
        """Return one run.

        Raises:
            UserError: there is no run with this number.
        """
        row = self._base.execute(f"{_RECORDS} where r.number = ?", (run,)).fetchone()
        if row is None:
            raise UserError(f"{self.path.parent}: no run {run}; the last run is {sum(self.counts().values()) - 1}")
        return _record(row)

    def bases(self) -> dict[int, dict[str, Any]]:
        """Return the base scenarios of the runs by number."""
        rows = self._base.execute("select number, content from bases")
        return {number: json.loads(content) for number, content in rows}

    def waiting(self) -> list[int]:
        """Return the units with waiting runs, in order."""
        rows = self._base.execute("select distinct unit from runs where state = ? order by unit", (WAITING,))
        return [unit for (unit,) in rows]

    def unit(self, number: int) -> Unit:
        """Return the unit with this number."""
        (packed,) = self._base.execute("select packed from units where number = ?", (number,)).fetchone()
        rows = self._base.execute(
            "select number, base, numbers, parameters from runs where unit = ? order by number", (number,)
        )
        members = (Member(run, base, json.loads(numbers), json.loads(own)) for run, base, numbers, own in rows)
        return Unit(tuple(members), bool(packed))

    def start(self, unit: int) -> int:
        """Mark a unit as running and return the number of the attempt, counted from 1."""
        with self._together():
            self._base.execute("update units set attempts = attempts + 1 where number = ?", (unit,))
            self._base.execute("update runs set state = ?, error = null where unit = ?", (RUNNING, unit))
        attempts: int = self._base.execute("select attempts from units where number = ?", (unit,)).fetchone()[0]
        return attempts

    def finish(self, unit: int, seconds: float | None) -> None:
        """Mark all runs of a unit as done."""
        with self._together():
            (runs,) = self._base.execute("select count(*) from runs where unit = ?", (unit,)).fetchone()
            seconds_per_run = None if seconds is None else seconds / runs
            self._base.execute(
                "update runs set state = ?, error = null, seconds = ? where unit = ?", (DONE, seconds_per_run, unit)
            )

    def fail(self, unit: int, error: str, again: bool) -> None:
        """Store the error of a unit; mark it as waiting if it is tried ``again``, otherwise as failed."""
        with self._together():
            state = WAITING if again else FAILED
            self._base.execute("update runs set state = ?, error = ? where unit = ?", (state, error, unit))

    def split(self, unit: int) -> None:
        """Make every run of a packed unit a unit of its own."""
        with self._together():
            runs = [run for (run,) in self._base.execute("select number from runs where unit = ?", (unit,))]
            (last,) = self._base.execute("select max(number) from units").fetchone()
            for new_unit, run in enumerate(runs, start=last + 1):
                self._base.execute("insert into units (number, packed) values (?, 0)", (new_unit,))
                self._base.execute("update runs set unit = ?, state = ? where number = ?", (new_unit, WAITING, run))

    def forget(self, states: Sequence[str]) -> None:
        """Mark the runs in some states as waiting, and reset their numbers of attempts."""
        marks = ",".join("?" * len(states))
        with self._together():
            selection = f"select unit from runs where state in ({marks})"
            self._base.execute(f"update units set attempts = 0 where number in ({selection})", tuple(states))
            self._base.execute(f"update runs set state = ? where state in ({marks})", (WAITING, *states))

    @contextmanager
    def _together(self) -> Iterator[None]:
        with _full_disk_reported(self.path):
            self._base.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._base.execute("rollback")
                raise
            self._base.execute("commit")


def _record(row: Sequence[Any]) -> Record:
    number, unit, packed, levels, *rest = row
    return Record(number, unit, bool(packed), json.loads(levels), *rest)


def _unit_rows(units: Sequence[Unit]) -> Iterator[tuple[int, bool]]:
    return ((number, unit.packed) for number, unit in enumerate(units))


def _run_rows(runs: Iterable[Planned], units: Sequence[Unit]) -> Iterator[tuple[Any, ...]]:
    levels = {run.number: run.levels for run in runs}
    for number, unit in enumerate(units):
        for member in unit.members:
            contents = (levels[member.number], member.numbers, member.parameters)
            texts = (json.dumps(dict(content)) for content in contents)
            yield (member.number, number, member.base, *texts, WAITING)


@contextmanager
def _full_disk_reported(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise RunError(f"cannot write {path}: {error}; free some space, then resume the sweep") from error
