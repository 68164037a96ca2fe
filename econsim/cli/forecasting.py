"""What ``econsim sweep --dry-run`` prints: the table of runs, what is packed, and what it will take."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from econsim.cli.console_tables import grid
from econsim.runs.progress import clock_time
from econsim.sweep.forecast import Cost, foreseen_costs
from econsim.sweep.launch import Options, said
from econsim.sweep.packing import planned_units
from econsim.sweep.table import Table, table_of

if TYPE_CHECKING:
    from econsim.sweep.request import Request

__all__ = ["print_forecast"]

_MOST_ROWS = 40


def print_forecast(request: Request, options: Options) -> None:
    """Print what would be made; nothing is written.

    Raises:
        UserError: the request is wrong.
    """
    table = table_of(request)
    plan = planned_units(table, options.at_once(), options.pack)
    console = Console(highlight=False)
    fixed = [f"{key} {_shown(table.runs[0].levels[key])}" for key in table.keys if key not in table.varying]
    if fixed:
        console.print(f"all with {', '.join(fixed)}", markup=False, soft_wrap=True)
    console.print(_runs(table))
    if len(table.runs) > _MOST_ROWS:
        console.print(f"... and {len(table.runs) - _MOST_ROWS:,} more")
    for line in (*said(plan), *_totals(foreseen_costs(table, plan, options.device), options)):
        console.print(line, markup=False, soft_wrap=True)


def _runs(table: Table) -> object:
    rows = [[str(run.number), *(_shown(run.levels[key]) for key in table.keys)] for run in table.runs[:_MOST_ROWS]]
    return grid(["run", *table.varying], rows, words=0)


def _shown(level: object) -> str:
    text = level if isinstance(level, str) else json.dumps(level)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _totals(costs: Sequence[Cost], options: Options) -> Iterator[str]:
    known = [cost.seconds * cost.runs for cost in costs if cost.seconds is not None]
    asked = [(cost.asked, cost.runs) for cost in costs if cost.asked is not None]
    at_once = options.at_once()
    if known:
        measured = sum(cost.measured for cost in costs)
        yield (
            f"time: about {clock_time(sum(known) / at_once)} with {at_once} at once"
            f" ({clock_time(sum(known))} of work, measured on {measured} of {len(costs)} kinds of runs)"
        )
    if asked:
        calls = sum(one.calls * runs for one, runs in asked)
        prices = [None if one.usd is None else one.usd * runs for one, runs in asked]
        money = "at unknown prices" if None in prices else f"about {sum(filter(None, prices)):,.2f} US dollars"
        yield f"model calls: up to {calls:,}, {money}"
    else:
        yield "model calls: none"
    yield f"memory: about {_gigabytes():,.1f} GB for each of {at_once} processes"


def _gigabytes() -> float:
    """Return the most memory that this process has held: the first runs were made in it."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 30) if sys.platform == "darwin" else peak / (1 << 20)
