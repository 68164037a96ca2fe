"""Forecasts before anything is started: of a sweep (``sweep --dry-run``) and of a run (``describe``)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from econsim.cli.console_tables import grid, print_whole
from econsim.errors import EconsimError
from econsim.runs.forecast import PATIENCE, measured_time
from econsim.runs.llm_session import calls_in_words, forecast_calls
from econsim.runs.progress import clock_time
from econsim.runs.recorder import Advice
from econsim.runs.time_in_words import LONG, time_in_words
from econsim.scenario import load
from econsim.scenario.plan import plan_of
from econsim.sweep.forecast import Cost, foreseen_costs
from econsim.sweep.launch import Options, said
from econsim.sweep.packing import planned_units
from econsim.sweep.table import Table, table_of

if TYPE_CHECKING:
    from rich.table import Table as Grid

    from econsim.sweep.request import Request

__all__ = ["expected_cost", "print_forecast"]

_MOST_ROWS = 40
_LIMIT = 30.0  # seconds for which each learner is timed at most
_SHORT = f"expected time: less than {LONG:.0f} seconds"


def print_forecast(request: Request, options: Options) -> None:
    """Print the runs of a sweep and a forecast of their cost; nothing is written.

    Raises:
        UserError: the request is not valid.
    """
    table = table_of(request)
    plan = planned_units(table, options.at_once(), options.pack)
    console = Console(highlight=False)
    fixed = [f"{key} {_shown(table.runs[0].levels[key])}" for key in table.keys if key not in table.varying]
    if fixed:
        console.print(f"in all runs: {', '.join(fixed)}", markup=False, soft_wrap=True)
    print_whole(console, _runs(table))
    if len(table.runs) > _MOST_ROWS:
        console.print(f"... and {len(table.runs) - _MOST_ROWS:,} more")
    for line in (*said(plan), *_totals(foreseen_costs(table, plan, options.device, options.backend), options)):
        console.print(line, markup=False, soft_wrap=True)


def expected_cost(name: str) -> list[str]:
    """Return how long a run of a scenario takes on this machine, or how many questions it asks a language model."""
    scenario = load(name)
    try:
        with Advice().listening():
            plan = plan_of(scenario, scenario.build_game("cpu"))
            calls = forecast_calls(plan)
        if calls is not None and scenario.llm is not None:
            return [calls_in_words(calls, scenario.llm)]
        return time_in_words(measured_time(plan, PATIENCE, PATIENCE, limit=_LIMIT), scenario) or [_SHORT]
    except EconsimError as error:
        return [f"expected time: not known, because a run would stop: {error}"]
    except Exception as error:  # a fault of a plug-in must not hide the page that describes it
        return [f"expected time: not known, because a fit failed ({type(error).__name__}: {error})"]


def _runs(table: Table) -> Grid:
    rows = [[str(run.number), *(_shown(run.levels[key]) for key in table.varying)] for run in table.runs[:_MOST_ROWS]]
    return grid(["run", *table.varying], rows, words=0)


def _shown(level: object) -> str:
    text = level if isinstance(level, str) else json.dumps(level)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _totals(costs: Sequence[Cost], options: Options) -> Iterator[str]:
    seconds = [cost.seconds * cost.runs for cost in costs if cost.seconds is not None]
    estimates = [(cost.asked, cost.runs) for cost in costs if cost.asked is not None]
    at_once = options.at_once()
    if seconds:
        measured = sum(cost.measured for cost in costs)
        yield (
            f"time: about {clock_time(sum(seconds) / at_once)} with {at_once} runs at once"
            f" ({clock_time(sum(seconds))} in total, measured on {measured} of {len(costs)} kinds of runs)"
        )
    if any(estimate.calls for estimate, _ in estimates):
        calls = sum(estimate.calls * runs for estimate, runs in estimates)
        prices = [None if estimate.usd is None else estimate.usd * runs for estimate, runs in estimates]
        money = "cost unknown" if None in prices else f"about {sum(filter(None, prices)):,.2f} US dollars"
        yield f"model calls: up to {calls:,}, {money}"
    else:
        yield "model calls: none"
    yield f"memory: about {_gigabytes():,.1f} GB for each of {at_once} processes"


def _gigabytes() -> float:
    """Return the peak memory of this process in GB; the first runs were executed in it."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 30) if sys.platform == "darwin" else peak / (1 << 20)
