"""The scheduler of a sweep: it submits waiting units, records results, retries failed units and reports progress."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from econsim import kinds
from econsim.errors import RunError
from econsim.runs.backend import TENSORS
from econsim.sweep.index import Index
from econsim.sweep.launchers import Launcher
from econsim.sweep.progress import SweepProgress
from econsim.sweep.tasks import Task, TaskResult

__all__ = ["ExecutionOptions", "conduct"]

_SECONDS_BETWEEN_LOOKS = 0.5
Watch = Callable[[int], None]


@dataclass(frozen=True)
class ExecutionOptions:
    """Options of units: location of the results, device, CPU threads, backend, reports and retries."""

    place: str
    device: str = "cpu"
    threads: int = 1
    backend: str = TENSORS
    reports: bool = False
    retries: int = 1


def conduct(
    index: Index, launcher: Launcher, how: ExecutionOptions, showing: SweepProgress, watch: Watch | None = None
) -> None:
    """Execute all waiting units.

    Args:
        index: the index of the sweep, which lists the units and records their states.
        launcher: the launcher that executes the units.
        how: options for the execution.
        showing: the display of progress.
        watch: a function that is called with the number of every run that is done.

    Raises:
        RunError: the disk is full; finished units are kept.
        KeyboardInterrupt: the user stopped the sweep.
    """
    try:
        _Conducting(index, launcher, how, showing, watch).run()
    finally:
        launcher.stop()


class _Conducting:
    def __init__(
        self, index: Index, launcher: Launcher, how: ExecutionOptions, showing: SweepProgress, watch: Watch | None
    ) -> None:
        self.index, self.launcher, self.how, self.showing, self.watch = index, launcher, how, showing, watch
        self.bases = {str(number): base for number, base in index.bases().items()}
        self.plugins = _plugins()
        self.waiting = deque(index.waiting())
        self.attempts: dict[int, int] = {}

    def run(self) -> None:
        """Submit units and record results until no unit is waiting or running."""
        self.showing.update(self.index.counts(), [])
        while self.waiting or self.attempts:
            while self.waiting and self.launcher.free():
                self._submit(self.waiting.popleft())
            for outcome in self.launcher.wait(_SECONDS_BETWEEN_LOOKS):
                self._settle(outcome)
            if self.showing.due():
                self.showing.update(self.index.counts(), self._in_hand())

    def _submit(self, number: int) -> None:
        unit = self.index.unit(number)
        bases = {str(member.base): self.bases[str(member.base)] for member in unit.members}
        self.attempts[number] = self.index.start(number)
        self.launcher.submit(
            Task(
                number,
                unit.packed,
                [asdict(member) for member in unit.members],
                bases,
                self.how.place,
                self.how.device,
                self.how.threads,
                self.how.backend,
                self.how.reports,
                self.plugins,
            )
        )

    def _settle(self, outcome: TaskResult) -> None:
        attempt = self.attempts.pop(outcome.unit)
        unit = self.index.unit(outcome.unit)
        if outcome.error is None:
            self.index.finish(outcome.unit, outcome.seconds)
            if self.watch is not None:
                for member in unit.members:
                    self.watch(member.number)
            return
        again = outcome.full or (attempt <= self.how.retries and not outcome.hopeless)
        self.index.fail(outcome.unit, outcome.error, again=again)
        if outcome.full:
            raise RunError(f"the disk is full: {outcome.error.splitlines()[0]}")
        if again:
            self.waiting.append(outcome.unit)
        elif unit.packed:
            # A single run may have caused the failure; executed separately, the others can succeed.
            before = set(self.index.waiting())
            self.index.split(outcome.unit)
            self.waiting.extend(number for number in self.index.waiting() if number not in before)
        else:
            self.showing.say(f"run {unit.members[0].number} failed: {outcome.error.splitlines()[0]}")

    def _in_hand(self) -> list[int]:
        units = [self.index.unit(number) for number in self.attempts]
        return [unit.members[0].number for unit in units if not unit.packed]


def _plugins() -> list[str]:
    """Return the plug-in folders that workers have to load to have the same kinds as this process."""
    return [str(Path(folder)) for folder in kinds.plugin_folders()]
