"""Timing of a fit or of scoring on its first steps, which is then ended; nothing of it is kept."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import Any, NamedTuple

from econsim.game import Game

__all__ = ["Seconds", "Stopwatch", "TimedError"]

SHARE = 0.05  # of a fit, after which its speed is known well enough
STEPS = 3  # timed at least, unless they are more than a small share of the fit
FEW = 0.1


class Seconds(NamedTuple):
    """The time of one fit in seconds: the mean, and the range in which the middle half of its steps would put it.

    ``done`` of its ``total`` units were timed, and ``unit`` is the mean time of one.
    """

    mean: float
    low: float
    high: float
    unit: float
    done: int
    total: int

    def of(self, units: int | None) -> Seconds:
        """Return the time of a fit with another number of units."""
        share = 1.0 if units is None else units / self.total
        bounds = (self.mean * share, self.low * share, self.high * share)
        return self if share == 1 else Seconds(*bounds, self.unit, self.done, self.total)


class TimedError(Exception):
    """Raised to end a fit once its speed is known."""


@dataclass
class Stopwatch:
    """Implements :class:`econsim.learning.Recorder`: ends a fit once its speed is known.

    That is when a twentieth of the fit is done, or after ``patience`` seconds, but not before some steps were timed, of
    which the first prepares the others. In a fit of few steps, a tenth of it is enough. A fit that has taken ``limit``
    seconds is ended in any case, by the game that :meth:`watched` returns. With ``complete``, a fit that takes less
    than the patience is done to its end.
    """

    patience: float
    complete: bool = False
    limit: float = math.inf
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._begun = self.clock()
        self._reports: list[tuple[float, int]] = []
        self._total = 1
        self._whole: float | None = None

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Discard the value."""

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Record the time, and end the fit if its speed is known."""
        self._reports.append((self.clock() - self._begun, done))
        self._total = total
        self.check()
        seconds = self.seconds()
        if seconds is None or (len(self._unit_times()) < STEPS and done < FEW * total):
            return
        enough = self.patience if self.complete else min(self.patience, SHARE * seconds.mean)
        if self._reports[-1][0] >= enough:
            raise TimedError

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Store nothing."""

    def restore(self) -> None:
        """Return ``None``."""

    def check(self) -> None:
        """End the fit if it has taken too long."""
        if self.clock() - self._begun > self.limit:
            raise TimedError

    def watched(self, game: Game[Any]) -> Game[Any]:
        """Return the game, every step of which ends a fit that has taken too long."""

        class Watched(type(game)):  # type: ignore[misc]
            def step(own, state: Any, actions: Mapping[str, Any]) -> Any:
                self.check()
                return super().step(state, actions)

        watched = copy.copy(game)
        object.__setattr__(watched, "__class__", Watched)
        return watched

    def finish(self) -> None:
        """Record that the fit was completed."""
        self._whole = self.clock() - self._begun

    def seconds(self) -> Seconds | None:
        """Return the time of the whole fit, extrapolated if it was ended early; ``None`` before its speed is known."""
        if self._whole is not None:
            total = self._total
            return Seconds(self._whole, self._whole, self._whole, self._whole / total, total, total)
        units = self._unit_times()
        if not units and (not self._reports or self._reports[0][1] == 0):
            return None
        if not units:
            (now, done), total = self._reports[0], self._total
            whole = now / done * total
            return Seconds(whole, whole, whole, now / done, done, total)
        start = 1 if len(units) >= STEPS else 0
        later = [report for report in self._reports if report[1] > self._reports[0][1]]
        (before, first), (now, last) = [self._reports[0], *later][start], self._reports[-1]
        units = units[start:]
        mean = (now - before) / (last - first)
        low, _, high = quantiles(units, n=4, method="inclusive") if len(units) > 1 else (mean,) * 3
        left = self._total - first
        bounds = (before + min(low, mean) * left, before + max(high, mean) * left)
        return Seconds(before + mean * left, *bounds, mean, last, self._total)

    def _unit_times(self) -> list[float]:
        """Return the seconds per unit between reports of more units done."""
        times, (before, done) = [], self._reports[0] if self._reports else (0.0, math.inf)
        for now, later in self._reports:
            if later > done:
                times.append((now - before) / (later - done))
                before, done = now, later
        return times
