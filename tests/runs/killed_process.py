"""A run in a process of its own that is killed with SIGKILL at a file event of a given number.

Between two file events a process changes nothing that outlives it, so that moments counted in file events are all the
moments that there are; unlike moments on a clock they are the same on every machine. All processes are forked from this
one, which has made a run itself and so imported what they need.

    python killed_process.py FOLDER MOMENTS    # prints, as JSON, how the reference and the interrupted runs ended
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from econsim.rl import checkpoint_schedule
from econsim.runs import execute, resume
from econsim.scenario import load

_EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}
# The whole pipeline on a small budget: a formula, a search and two-level training, with checkpoints in each.
_OVERRIDES: dict[str, Any] = {
    "economy.workers": 12, "economy.population.sampling": "random",
    "baselines.saez": {"kind": "saez", "iterations": 3},
    "baselines.search": {"kind": "search", "method": "cma_es", "starts": 2, "generations": 3},
    "training.follower.epochs": 1, "training.leader.epochs": 1,
    "training.warm_up": 1, "training.iterations": 4, "training.checkpoint_every": 2,
    "training.copies": 4, "training.leader_copies": 4,
}  # fmt: skip


def in_a_process(folder: Path, work: Callable[[], object], killed_at: int | None = None) -> int:
    """Do the work in a forked process that is killed at its file event ``killed_at``; return the wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    numbers = [0, 0]  # file events, and those until the folder could be resumed
    sys.addaudithook(lambda event, details: _count(folder, numbers, killed_at, event, details))
    work()
    folder.with_suffix(".events").write_text(json.dumps(numbers))
    os._exit(0)


def _count(folder: Path, numbers: list[int], killed_at: int | None, event: str, details: tuple[Any, ...]) -> None:
    if event not in _EVENTS or not str(details[0]).startswith(str(folder)):
        return
    numbers[0] += 1
    if numbers[0] == killed_at:
        os.kill(os.getpid(), signal.SIGKILL)
    if event == "os.rename" and str(details[1]).endswith("environment.json"):
        numbers[1] = numbers[0]


def main(base: Path, moments: int) -> None:
    """Make the reference, then the interrupted runs, each resumed to its end."""
    checkpoint_schedule.MINUTES = 0.0  # searches and formulas write checkpoints as often as they can
    scenario, whole = load("one_step", _OVERRIDES), base / "whole" / "run"
    execute(scenario, base / "first" / "run", quiet=True)  # imports what all forked processes then have
    assert in_a_process(whole, lambda: execute(scenario, whole, quiet=True)) == 0
    events, resumable = json.loads(whole.with_suffix(".events").read_text())
    draws, ends = random.Random(0), []
    for moment in range(moments):
        folder = base / str(moment) / "run"
        killed_at = resumable + 1 + int((events - resumable) * (moment + draws.random()) / moments)
        killed = in_a_process(folder, lambda: execute(scenario, folder, quiet=True), killed_at)  # noqa: B023
        resumed = in_a_process(folder, lambda: resume(folder, quiet=True))  # noqa: B023
        ends.append({"killed_at": killed_at, "killed": killed, "resumed": resumed})
    print(json.dumps({"events": events, "resumable": resumable, "ends": ends}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
