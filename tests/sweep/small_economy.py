"""A one-step economy of rules, a launcher that needs no process, and waiting for what other processes do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from econsim.sweep.tasks import Task, TaskResult, perform

RULES: dict[str, Any] = {
    "economy.workers": 12,
    "economy.population": [{"kind": "lognormal"}],
    "agents.worker": "elastic_rule",
    "planner": "flat",
    "baselines": [[]],
    "evaluation": "none",
    "training": "none",
    "headline": "none",
}
"""A one-step economy in which nothing is learned."""


def until(condition: Callable[[], bool], seconds: float = 180.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


class Here:
    """Makes units in this process, one when asked how it ended; through JSON's eyes, as everywhere else."""

    def __init__(self) -> None:
        self.waiting: list[Task] = []
        self.made: list[Task] = []

    def free(self) -> bool:
        return not self.waiting

    def submit(self, task: Task) -> None:
        self.waiting.append(Task(**json.loads(json.dumps(task.plain()))))

    def wait(self, seconds: float) -> list[TaskResult]:
        self.made += self.waiting
        outcomes = [perform(task) for task in self.waiting]
        self.waiting.clear()
        return outcomes

    def stop(self) -> None:
        self.waiting.clear()
