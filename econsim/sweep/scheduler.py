"""The loop of a sweep: hand out what waits, note how it ended, try again what failed, and say how far it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from econsim import kinds
from econsim.errors import RunError
from econsim.sweep.index import Index
from econsim.sweep.launchers import Launcher
from econsim.sweep.progress import SweepProgress
from econsim.sweep.tasks import Task, TaskResult

__all__ = ["ExecutionOptions", "conduct"]

_SECONDS_BETWEEN_LOOKS = 0.5
Watch = Callable[[int], None]


@dataclass(frozen=True)
class ExecutionOptions:
    """How units are made: where results go, on what device, with reports or not, and how often one is tried again."""

    place: str
    device: str = "cpu"
    threads: int = 1
    reports: bool = False
    retries: int = 1


def conduct(
    index: Index, launcher: Launcher, how: ExecutionOptions, showing: SweepProgress, watch: Watch | None = None
) -> None:
    """Make all units that wait.

    Args:
        index: what there is to do, and where it is noted what was done.
        launcher: who does it.
        how: how it is done.
        showing: who tells the user.
        watch: called with the number of every run that is done.

    Raises:
        RunError: there is no space left; what is done is kept.
        KeyboardInterrupt: the user stopped it.
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
        """Hand out and take back until nothing waits."""
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
            raise RunError(f"no space left: {outcome.error.splitlines()[0]}")
        if again:
            self.waiting.append(outcome.unit)
        elif unit.packed:
            # One of them may be at fault; alone, the others come through.
            before = set(self.index.waiting())
            self.index.split(outcome.unit)
            self.waiting.extend(number for number in self.index.waiting() if number not in before)
        else:
            self.showing.say(f"run {unit.members[0].number} failed: {outcome.error.splitlines()[0]}")

    def _in_hand(self) -> list[int]:
        units = [self.index.unit(number) for number in self.attempts]
        return [unit.members[0].number for unit in units if not unit.packed]


def _plugins() -> list[str]:
    """Return what workers have to add to know the kinds that this process knows."""
    return [str(Path(folder)) for folder in kinds.plugin_folders()]
