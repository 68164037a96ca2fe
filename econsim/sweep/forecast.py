"""What a sweep will take, before it starts: seconds that are measured on its first runs, memory, model calls and cost.

Nothing is guessed: batches are timed on some of their runs, fits on their first steps, and calls are counted by the
agents that make them.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from econsim.game import Agent
from econsim.llm.budget import Forecast as Asked
from econsim.runs.llm_session import check_agreed, forecast_calls
from econsim.runs.machine import device_named
from econsim.runs.recorder import Advice
from econsim.runs.scoring import scores
from econsim.scenario import Scenario
from econsim.scenario.plan import Plan as RunPlan
from econsim.scenario.plan import Stage, plan_of
from econsim.sweep.batch import Packed, packed_scores
from econsim.sweep.packing import Member, Plan, Unit
from econsim.sweep.table import Table

__all__ = ["Cost", "check_all_agreed", "foreseen_costs"]

PATIENCE = 5.0  # seconds of one fit that are measured, at least two reports of progress
_MOST_RUNS = 64
_MOST_MEASURED = 6


@dataclass(frozen=True)
class Cost:
    """What runs of one kind take: those of one base, or where something is fitted, of one base and one training.

    ``runs`` of the kind; ``seconds`` of one of them, ``None`` where a model is asked and its pace decides; ``asked`` of
    a model by one of them; ``measured`` on this kind, or taken from those that were.
    """

    runs: int
    seconds: float | None
    asked: Asked | None = None
    measured: bool = True


def foreseen_costs(table: Table, plan: Plan, device: str = "cpu") -> list[Cost]:
    """Return what the runs of each kind take; at most six kinds are measured, the others count as their mean.

    Raises:
        UserError: an agent cannot play its role, or a model is not said.
    """
    firsts: dict[Any, tuple[Unit, Member]] = {}
    runs: Counter[Any] = Counter()
    for unit in plan.units:
        for member in unit.members:
            firsts.setdefault(_kind(unit, member), (unit, member))
            runs[_kind(unit, member)] += 1
    found: list[Cost] = []
    for kind, (unit, member) in firsts.items():
        known = [cost.seconds for cost in found if cost.measured and cost.seconds is not None]
        if len(known) < _MOST_MEASURED:
            found.append(Cost(runs[kind], *_measured(table, unit, member, device_named(device))))
        else:
            found.append(Cost(runs[kind], sum(known) / len(known), measured=False))
    return found


def check_all_agreed(table: Table) -> None:
    """Raise :class:`UserError` where all runs together ask a model for money, or for many calls, as one run does."""
    runs = Counter(run.base for run in table.runs)
    for number, count in runs.items():
        scenario = table.bases[number].first
        if scenario.llm is None or scenario.llm.mode == "strict_replay":
            continue
        with Advice().listening():
            asked = forecast_calls(plan_of(scenario, scenario.build_game()))
        if asked is not None:
            check_agreed(_times(asked, count), scenario.llm)


def _times(asked: Asked, runs: int) -> Asked:
    """Return what so many runs ask."""
    usd, seconds = (None if each is None else each * runs for each in (asked.usd, asked.seconds))
    return Asked(asked.calls * runs, asked.input_tokens * runs, asked.output_tokens * runs, usd, seconds)


def _kind(unit: Unit, member: Member) -> Any:
    """Return what runs that take alike share: all but seeds and, in a batch, all numbers."""
    numbers = {} if unit.packed else member.numbers
    return unit.packed, member.base, tuple((key, value) for key, value in numbers.items() if key != "seed")


def _measured(table: Table, unit: Unit, member: Member, device: str) -> tuple[float | None, Asked | None]:
    if unit.packed:
        return _of_batch(table, unit, device), None
    return _of_run(table.bases[member.base].scenario(member.numbers), device)


def _of_batch(table: Table, unit: Unit, device: str) -> float:
    members = unit.members[:_MOST_RUNS]
    runs = [Packed(each.number, table.bases[each.base].scenario(each.numbers), each.parameters) for each in members]
    list(packed_scores(runs[:1], device))  # what only the first one takes
    begun = time.monotonic()
    list(packed_scores(runs, device))
    return (time.monotonic() - begun) / len(runs)


def _of_run(scenario: Scenario, device: str) -> tuple[float | None, Asked | None]:
    with Advice().listening():
        plan = plan_of(scenario, scenario.build_game(device))
        asked = forecast_calls(plan)
        if asked is not None:
            return asked.seconds, asked
        if not plan.stages:
            return _of_scores(plan), None
        return sum(_of_stages(plan)), None


def _of_scores(plan: RunPlan) -> float:
    begun = time.monotonic()
    list(scores(plan, plan.build_agents()))
    return time.monotonic() - begun


def _of_stages(plan: RunPlan) -> Iterator[float]:
    """Yield the seconds of every fit; those by one learner take alike."""
    by_learner: dict[str, float] = {}
    beside: dict[str, Agent] = {}
    for stage in plan.stages:
        awaited = any(fit.is_training and fit.name not in by_learner for fit in stage.later_fits)
        if awaited or stage.learner not in by_learner:
            watch = _Stopwatch(math.inf if awaited else PATIENCE)
            found = _fit(plan, stage, beside, watch)
            beside = {**beside, **found} if awaited else {}
            by_learner[stage.learner] = watch.seconds()
        yield by_learner[stage.learner]


def _fit(plan: RunPlan, stage: Stage, beside: Mapping[str, Agent], watch: _Stopwatch) -> dict[str, Agent]:
    """Fit until the watch ends it, beside agents of the same policy fitted before; return who was fitted to the end."""
    players = stage.policy.build() | plan.stand_ins(stage) | dict(beside)
    try:
        found = stage.build().fit(plan.game, players, stage.seed, watch)
    except _EnoughError:
        return {}
    watch.finish()
    return {role: found[role] for role in stage.fitted_roles}


class _EnoughError(Exception):
    """The speed is known."""


@dataclass
class _Stopwatch:
    """Implements :class:`econsim.learning.Recorder`: ends a fit once its speed is known."""

    patience: float
    begun: float = field(default_factory=time.monotonic)
    first: tuple[float, int] | None = None
    last: tuple[float, int, int] | None = None

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Drop the number."""

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Note the time; stop after some seconds."""
        now = time.monotonic()
        self.first = self.first or (now, done)
        self.last = (now, done, total)
        if now - self.begun > self.patience and done > self.first[1]:
            raise _EnoughError

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Keep nothing."""

    def restore(self) -> None:
        """Return ``None``."""

    def finish(self) -> None:
        """Note that the fit came to its end."""
        self.last = self.first = None
        self.whole = time.monotonic() - self.begun

    def seconds(self) -> float:
        """Return what the whole fit takes."""
        if self.first is None or self.last is None:
            return self.whole
        (begun, before), (now, done, total) = self.first, self.last
        return (begun - self.begun) + (now - begun) / (done - before) * (total - before)
