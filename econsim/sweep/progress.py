"""Progress of a sweep: a live display with the runs in progress on a terminal, otherwise a line every ten seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from econsim.runs.progress import Journal, clock_time
from econsim.sweep.index import DONE, FAILED
from econsim.sweep.tasks import run_name

__all__ = ["SweepProgress"]

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_DRAWINGS = 1.0
_MOST_SHOWN = 8
_STAMP = len("2026-01-01T00:00:00 ")


class SweepProgress:
    """Shows the progress of the sweep in ``folder``, which holds the logs of its runs. Use it as a context manager."""

    def __init__(self, folder: Path, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.journal = Journal(folder / "log.txt", quiet)
        self._folder, self._clock = folder, clock
        self._begun, self._drawn, self._said = clock(), clock(), clock()
        self._settled_before: int | None = None
        self._live: Any = None

    def __enter__(self) -> SweepProgress:
        if self.journal.console.is_terminal and not self.journal.console.quiet:
            from rich.live import Live

            self._live = Live(console=self.journal.console, transient=True, refresh_per_second=2)
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str) -> None:
        """Write a line to the console and the log."""
        self.journal.say(text)

    def due(self) -> bool:
        """Return whether it is time for an update."""
        return self._clock() - self._drawn >= _SECONDS_BETWEEN_DRAWINGS

    def update(self, counts: Mapping[str, int], in_hand: Sequence[int]) -> None:
        """Show the number of runs in each state, and the last log lines of the runs in progress."""
        self._drawn = self._clock()
        text = self._summary(counts)
        if self._live is not None:
            self._live.update("\n".join([text, *map(self._of_run, in_hand[:_MOST_SHOWN])]))
        elif self._drawn - self._said >= _SECONDS_BETWEEN_LINES:
            self._said = self._drawn
            self.say(text)

    def _summary(self, counts: Mapping[str, int]) -> str:
        settled, total = counts[DONE] + counts[FAILED], sum(counts.values())
        if self._settled_before is None:
            self._settled_before = settled
        failed = f", {counts[FAILED]:,} failed" if counts[FAILED] else ""
        return f"{counts[DONE]:,} of {total:,} runs done{failed}{self._left(settled, total)}"

    def _left(self, settled: int, total: int) -> str:
        newly_settled = settled - (self._settled_before or 0)
        if not newly_settled:
            return ", measuring the speed"
        return f", {clock_time((self._clock() - self._begun) / newly_settled * (total - settled))} left"

    def _of_run(self, number: int) -> str:
        return f"  run {number}: {_last_line(self._folder / run_name(number) / 'log.txt')}"


def _last_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 400))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return "starting"
    return lines[-1][_STAMP:] if lines else "starting"
