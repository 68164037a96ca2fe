"""Progress of a run: the share that is done and the time remaining, computed from measured speeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from econsim.errors import RunError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Journal", "Progress", "Remaining", "Report", "Tracker", "bar", "clock_time", "time_left"]

_SECONDS_BETWEEN_LINES = 10.0
_LONG = 60.0  # seconds from which the time of a run is worth a line as soon as its speed is known


class Report(Protocol):
    """A function that shows progress."""

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """Show that ``done`` of ``total`` units of equal cost are done, and what is being done."""


class Remaining(NamedTuple):
    """The remaining time in seconds; ``known`` is False while a remaining stage has a learner not measured yet."""

    seconds: float
    known: bool


class _Speed(NamedTuple):
    """The seconds that a learner takes per unit, and the units of the stage in which this was measured."""

    unit: float
    total: int


class Tracker:
    """Measures the stages of a run.

    Args:
        learners: the name of the learner of each stage. Stages of the same learner are assumed to take the same time
            per unit.
        clock: returns the time in seconds.
        units: the number of units of each stage; ``None`` where it is not known: that of its learner's last one.
    """

    def __init__(
        self,
        learners: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
        units: Sequence[int | None] = (),
    ) -> None:
        self._learners = tuple(learners)
        self._units = tuple(units) or (None,) * len(self._learners)
        self._clock = clock
        self._speeds: dict[str, _Speed] = {}
        self._shown = 0.0
        self.index = -1

    def begin(self, index: int) -> None:
        """Start or resume stage ``index``."""
        self.index = index
        self._done = self._total = 0
        self._first: tuple[float, int] | None = None

    def update(self, done: int, total: int) -> None:
        """Record that ``done`` of ``total`` units of equal cost are done; a resumed stage starts above zero."""
        self._done, self._total = done, total
        if self._first is None:
            self._first = (self._clock(), done)

    def end(self) -> None:
        """End the stage and store the speed of its learner."""
        self._speeds = self._measured()

    def remaining(self) -> Remaining | None:
        """Return the remaining time, from this stage's speed and the measured costs of the learners still to come."""
        seconds = self._seconds_per_unit()
        if seconds is None:
            return None
        upcoming = self._costs()[self.index + 1 :]
        left = seconds * (self._total - self._done) + sum(cost or 0.0 for cost in upcoming)
        return Remaining(left, None not in upcoming)

    def share_done(self) -> float:
        """Return the share of the run that is done; unmeasured stages count as much as the costliest measured one."""
        costs = self._costs()
        unknown = max((cost for cost in costs if cost is not None), default=1.0)
        weights = [unknown if cost is None else cost for cost in costs]
        within = self._done / self._total if self._total else 0.0
        done = sum(weights[: self.index]) + within * weights[self.index]
        # New measurements may change the weights, but the displayed share must never decrease.
        self._shown = max(self._shown, done / sum(weights))
        return self._shown

    def _costs(self) -> list[float | None]:
        """Return the seconds of each whole stage, ``None`` where its learner was not measured."""
        speeds = [self._measured().get(learner) for learner in self._learners]
        pairs = zip(speeds, self._units, strict=True)
        return [None if speed is None else speed.unit * (units or speed.total) for speed, units in pairs]

    def _measured(self) -> dict[str, _Speed]:
        seconds = self._seconds_per_unit()
        current = {} if seconds is None else {self._learners[self.index]: _Speed(seconds, self._total)}
        return {**self._speeds, **current}

    def _seconds_per_unit(self) -> float | None:
        if self._first is None or self._done <= self._first[1]:
            return None
        return (self._clock() - self._first[0]) / (self._done - self._first[1])


class Journal:
    """The messages of a run, written to ``log.txt`` and, unless quiet, to the console."""

    def __init__(self, path: Path, quiet: bool) -> None:
        from rich.console import Console

        self._path = path
        self.console: Console = Console(quiet=quiet, highlight=False)

    def say(self, text: str) -> None:
        """Write one line to the log and the console."""
        self.console.print(text, markup=False, soft_wrap=True)
        self.note(text)

    def note(self, text: str) -> None:
        """Write one line to the log only.

        Raises:
            RunError: the log cannot be written, for example because the disk is full.
        """
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{datetime.now().isoformat(timespec='seconds')} {text}\n")
        except OSError as error:
            raise RunError(f"cannot write {self._path}: {error.strerror}; free some space, then resume") from error


class Progress:
    """Shows the progress of all stages: a bar on a terminal, otherwise a line every ten seconds.

    Use it as a context manager. ``begin`` and ``end`` mark the stages and ``update`` the work within a stage. With
    ``is_announced``, the time of the run has been said before.
    """

    def __init__(
        self,
        names: Sequence[str],
        learners: Sequence[str],
        journal: Journal,
        clock: Callable[[], float] = time.monotonic,
        is_announced: bool = False,
        units: Sequence[int | None] = (),
    ) -> None:
        self._names = tuple(names)
        self._journal = journal
        self._clock = clock
        self._tracker = Tracker(learners, clock, units)
        self._bar = bar(journal.console) if names and journal.console.is_terminal else None
        self._task = None if self._bar is None else self._bar.add_task("", total=1.0, left="")
        self._said_at = clock()
        self._forecast_said = is_announced

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, index: int) -> None:
        """Start stage ``index``."""
        self._tracker.begin(index)
        text = f"{self._names[index]} ({index + 1} of {len(self._names)})"
        (self._journal.say if self._bar is None else self._journal.note)(text)
        self._draw("")

    def update(self, done: int, total: int, message: str = "") -> None:
        """Show that ``done`` of ``total`` units of the stage are done."""
        self._tracker.update(done, total)
        self._draw(message)
        self._say_forecast(done, total)
        if self._clock() - self._said_at >= _SECONDS_BETWEEN_LINES:
            self._said_at = self._clock()
            line = f"{self._names[self._tracker.index]}: {done} of {total}, {time_left(self._tracker)}"
            (self._journal.say if self._bar is None else self._journal.note)(line)

    def end(self) -> None:
        """End the stage."""
        self._tracker.end()

    @contextmanager
    def stage(self, index: int) -> Iterator[Report]:
        """Start stage ``index``, yield :meth:`update`, and end the stage."""
        self.begin(index)
        yield self.update
        self.end()

    def _say_forecast(self, done: int, total: int) -> None:
        """Say once, as soon as the speed is known, how long a long run will take."""
        remaining = None if self._forecast_said else self._tracker.remaining()
        if remaining is None:
            return
        self._forecast_said = True
        if remaining.seconds >= _LONG:
            stage = self._names[self._tracker.index]
            self._journal.say(f"forecast: {time_left(self._tracker)} (measured on {done} of {total} units of {stage})")

    def _draw(self, message: str) -> None:
        if self._bar is not None and self._task is not None:
            stage = f"{self._names[self._tracker.index]} ({self._tracker.index + 1} of {len(self._names)})"
            text = f"{stage} {message}".rstrip()
            self._bar.update(
                self._task, completed=self._tracker.share_done(), description=text, left=time_left(self._tracker)
            )


def clock_time(seconds: float) -> str:
    """Return ``seconds`` as ``m:ss`` or ``h:mm:ss``."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def time_left(tracker: Tracker) -> str:
    """Return the remaining time in words."""
    remaining = tracker.remaining()
    if remaining is None:
        return "measuring the speed"
    return f"{'' if remaining.known else 'more than '}{clock_time(remaining.seconds)} left"


def bar(console: Console) -> Any:
    """Return a rich progress bar; its tasks have a field ``left``, the remaining time in words."""
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[left]}"))
    return Bar(*columns, console=console, transient=True)
