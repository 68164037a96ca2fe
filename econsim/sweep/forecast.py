"""Forecast of the cost of a sweep: run time measured on sample runs, memory, calls to language models and their price.

All figures are measured or counted: batches are timed on some of their runs, fits on their first steps, and calls are
counted by the agents that make them.
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

PATIENCE = 5.0  # seconds for which a fit is timed; a fit is timed for at least two reports of progress
_MOST_RUNS = 64
_MOST_MEASURED = 6


@dataclass(frozen=True)
class Cost:
    """The cost of the runs of one kind: those with the same base, and the same training where agents are fitted.

    runs: number of runs of this kind.
    seconds: time of one run; ``None`` where it depends on the speed of a language model.
    asked: forecast of one run's calls to a language model.
    measured: whether the time was measured on this kind, or is the mean over the kinds that were.
    """

    runs: int
    seconds: float | None
    asked: Asked | None = None
    measured: bool = True


def foreseen_costs(table: Table, plan: Plan, device: str = "cpu") -> list[Cost]:
    """Return the cost of the runs of each kind; at most six kinds are measured, the others get the mean of these.

    Raises:
        UserError: an agent cannot play its role, or the language model is not set.
    """
    firsts: dict[Any, tuple[Unit, Member]] = {}
    runs: Counter[Any] = Counter()
    for unit in plan.units:
        for member in unit.members:
            firsts.setdefault(_kind(unit, member), (unit, member))
            runs[_kind(unit, member)] += 1
    costs: list[Cost] = []
    for kind, (unit, member) in firsts.items():
        measured = [cost.seconds for cost in costs if cost.measured and cost.seconds is not None]
        if len(measured) < _MOST_MEASURED:
            costs.append(Cost(runs[kind], *_measured(table, unit, member, device_named(device))))
        else:
            costs.append(Cost(runs[kind], sum(measured) / len(measured), measured=False))
    return costs


def check_all_agreed(table: Table) -> None:
    """Raise :class:`UserError` if the calls of all runs together cost money or are many, as for a single run."""
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
    """Return the forecast of calls for this number of runs."""
    usd, seconds = (None if amount is None else amount * runs for amount in (asked.usd, asked.seconds))
    return Asked(asked.calls * runs, asked.input_tokens * runs, asked.output_tokens * runs, usd, seconds)


def _kind(unit: Unit, member: Member) -> Any:
    """Return the key shared by runs of the same cost: all levels but the seed and, in a batch, numeric values."""
    numbers = {} if unit.packed else member.numbers
    return unit.packed, member.base, tuple((key, value) for key, value in numbers.items() if key != "seed")


def _measured(table: Table, unit: Unit, member: Member, device: str) -> tuple[float | None, Asked | None]:
    if unit.packed:
        return _of_batch(table, unit, device), None
    return _of_run(table.bases[member.base].scenario(member.numbers), device)


def _of_batch(table: Table, unit: Unit, device: str) -> float:
    members = unit.members[:_MOST_RUNS]
    runs = [
        Packed(member.number, table.bases[member.base].scenario(member.numbers), member.parameters)
        for member in members
    ]
    list(packed_scores(runs[:1], device))  # warm up, so that one-off costs are not timed
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
    """Yield the seconds of every fit; fits by the same learner are assumed to take the same time."""
    by_learner: dict[str, float] = {}
    beside: dict[str, Agent] = {}
    for stage in plan.stages:
        awaited = any(fit.is_training and fit.name not in by_learner for fit in stage.later_fits)
        if awaited or stage.learner not in by_learner:
            watch = _Stopwatch(math.inf if awaited else PATIENCE)
            fitted = _fit(plan, stage, beside, watch)
            beside = {**beside, **fitted} if awaited else {}
            by_learner[stage.learner] = watch.seconds()
        yield by_learner[stage.learner]


def _fit(plan: RunPlan, stage: Stage, beside: Mapping[str, Agent], watch: _Stopwatch) -> dict[str, Agent]:
    """Fit a stage until the stopwatch ends it; return its agents if the fit was completed, otherwise nothing.

    ``beside`` holds agents of the same policy that were fitted before.
    """
    players = stage.policy.build() | plan.stand_ins(stage) | dict(beside)
    try:
        fitted = stage.build().fit(plan.game, players, stage.seed, watch)
    except _EnoughError:
        return {}
    watch.finish()
    return {role: fitted[role] for role in stage.fitted_roles}


class _EnoughError(Exception):
    """Raised to end a fit once its speed is known."""


@dataclass
class _Stopwatch:
    """Implements :class:`econsim.learning.Recorder`: ends a fit once its speed is known."""

    patience: float
    begun: float = field(default_factory=time.monotonic)
    first: tuple[float, int] | None = None
    last: tuple[float, int, int] | None = None

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Discard the value."""

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Record the time, and end the fit after ``patience`` seconds."""
        now = time.monotonic()
        self.first = self.first or (now, done)
        self.last = (now, done, total)
        if now - self.begun > self.patience and done > self.first[1]:
            raise _EnoughError

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Store nothing."""

    def restore(self) -> None:
        """Return ``None``."""

    def finish(self) -> None:
        """Record that the fit was completed."""
        self.last = self.first = None
        self.whole = time.monotonic() - self.begun

    def seconds(self) -> float:
        """Return the time of the whole fit, extrapolated if it was ended early."""
        if self.first is None or self.last is None:
            return self.whole
        (begun, before), (now, done, total) = self.first, self.last
        return (begun - self.begun) + (now - begun) / (done - before) * (total - before)
