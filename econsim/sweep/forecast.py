"""Forecast of the cost of a sweep: run time measured on sample runs, memory, calls to language models and their price.

All figures are measured or counted: batches are timed on some of their runs, fits on their first steps, and calls are
counted by the agents that make them.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from econsim.llm.budget import Forecast as Asked
from econsim.runs.backend import KERNELS, TENSORS, on_backend
from econsim.runs.compilation import compile_kernels
from econsim.runs.forecast import measured_time
from econsim.runs.llm_session import check_agreed, forecast_calls
from econsim.runs.machine import device_named
from econsim.runs.recorder import Advice
from econsim.scenario import Scenario
from econsim.scenario.plan import plan_of
from econsim.sweep.batch import Packed, packed_scores
from econsim.sweep.packing import Member, Plan, Unit
from econsim.sweep.table import Table

__all__ = ["Cost", "check_all_agreed", "foreseen_costs"]

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


def foreseen_costs(table: Table, plan: Plan, device: str = "cpu", backend: str = TENSORS) -> list[Cost]:
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
            costs.append(Cost(runs[kind], *_measured(table, unit, member, device_named(device), backend)))
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
    tokens = asked.input_tokens * runs, asked.output_tokens * runs
    return Asked(asked.calls * runs, *tokens, usd, seconds, asked.models)


def _kind(unit: Unit, member: Member) -> Any:
    """Return the key shared by runs of the same cost: all levels but the seed and, in a batch, numeric values."""
    numbers = {} if unit.packed else member.numbers
    return unit.packed, member.base, tuple((key, value) for key, value in numbers.items() if key != "seed")


def _measured(table: Table, unit: Unit, member: Member, device: str, backend: str) -> tuple[float | None, Asked | None]:
    if unit.packed:
        return _of_batch(table, unit, device, backend), None
    return _of_run(table.bases[member.base].scenario(member.numbers), device, backend)


def _of_batch(table: Table, unit: Unit, device: str, backend: str) -> float:
    members = unit.members[:_MOST_RUNS]
    runs = [
        Packed(member.number, table.bases[member.base].scenario(member.numbers), member.parameters)
        for member in members
    ]
    list(packed_scores(runs[:1], device, backend))  # warm up, so that one-off costs are not timed
    begun = time.monotonic()
    list(packed_scores(runs, device, backend))
    return (time.monotonic() - begun) / len(runs)


def _of_run(scenario: Scenario, device: str, backend: str) -> tuple[float | None, Asked | None]:
    with Advice().listening():
        backed = on_backend(scenario.build_game(device), backend)
        plan = plan_of(scenario, backed.game)
        asked = forecast_calls(plan)
    if asked is not None:
        return asked.seconds, asked
    if backed.backend == KERNELS:
        compile_kernels(backed.game)
    return measured_time(plan).seconds, None
