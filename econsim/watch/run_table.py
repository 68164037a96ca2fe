"""Tables of the dashboard: results of runs, and the runs of a sweep, as rows and columns that can be filtered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from econsim.runs.folder import Run
from econsim.runs.metric_columns import main_metric, metrics_in, titled
from econsim.sweep import open_sweep
from econsim.sweep.folder import INDEX
from econsim.sweep.index import Index
from econsim.watch.discovery import state_of
from econsim.watch.tail import problem_of

__all__ = ["Grid", "results", "runs_of_sweep"]

Grid = tuple[list[dict[str, Any]], list[dict[str, Any]]]
"""Columns and rows in the format of the grid."""


def results(runs: Mapping[str, Run]) -> Grid:
    """Return one row per run, policy and response with every metric; an unfinished or damaged run has one row.

    The main metric, which is welfare in an economy, is the first column after the policy.
    """
    rows: list[dict[str, Any]] = []
    titles: dict[str, str] = {}
    order = dict.fromkeys([*(["run"] if len(runs) > 1 else []), "policy"])
    for name, run in runs.items():
        state, problem = state_of(run), problem_of(run)
        if problem is not None:
            rows.append({"run": name, "state": "damaged", "error": problem})
            continue
        if not run.finished:
            rows.append({"run": name, "state": state})
            continue
        titles |= {each.name: titled(each) for each in metrics_in(run.summary).values()}
        main = main_metric(run.summary)
        order |= dict.fromkeys([*([main.name] if main else []), "response"])
        for label, policy in run.summary["policies"].items():
            for response in run.summary["responses"]:
                if response in policy:
                    keys = {"run": name, "state": state, "policy": label, "response": response}
                    rows.append(keys | policy[response])
    return _grid(rows, order, titles)


def runs_of_sweep(path: Path, metric: str = "welfare") -> Grid:
    """Return one row per run of a sweep: its levels and state; after all runs have ended, also a metric by policy."""
    sweep = open_sweep(path)
    with Index(path / INDEX) as index:
        records, counts = list(index.records()), index.counts()
    rows: list[dict[str, Any]] = [
        {"run": record.number, "state": record.state, **_plain(record.levels), "error": record.error or ""}
        for record in records
    ]
    # Reading the metrics of an unfinished sweep would write its tables, which only the sweep itself may do.
    if not counts["waiting"] and not counts["running"] and counts["done"]:
        metrics = sweep.metrics
        final = metrics[(metrics["name"] == metric) & (metrics["response"] != "")]
        means = final.groupby(["run", "policy", "response"], sort=False)["value"].mean().reset_index()
        for mean in means.to_dict("records"):
            rows[int(mean["run"])][f"{metric}: {mean['policy']}, {mean['response']}"] = float(mean["value"])
    return _grid(rows)


def _plain(levels: Mapping[str, Any]) -> dict[str, Any]:
    """Return levels, with those that are not scalars converted to text."""
    return {key: value if isinstance(value, (str, int, float)) else json.dumps(value) for key, value in levels.items()}


def _grid(rows: list[dict[str, Any]], first: Iterable[str] = (), titles: Mapping[str, str] | None = None) -> Grid:
    """Return columns, those of ``first`` before others, and rows.

    Numeric columns have numeric filters and show five significant digits. The heading of a column of ``titles`` shows
    that title, with the unit, under the pointer.
    """
    present = dict.fromkeys(name for row in rows for name in row)
    names = list(dict.fromkeys((*(name for name in first if name in present), *present)))
    columns = [
        _column(index, name, [row[name] for row in rows if row.get(name) is not None])
        for index, name in enumerate(names)
    ]
    for column, name in zip(columns, names, strict=True):
        if titles and name in titles:
            column["headerTooltip"] = titles[name]
    return columns, [{f"c{index}": row.get(name) for index, name in enumerate(names)} for row in rows]


def _column(index: int, name: str, values: list[Any]) -> dict[str, Any]:
    # Fields are numbered, since the grid would interpret dots in a name as a path.
    column = {"headerName": name.replace("_", " "), "field": f"c{index}"}
    numbers = bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    if not numbers:
        return column | {"filter": "agTextColumnFilter"}
    formatter = {"function": "params.value == null ? '' : d3.format(',.5~g')(params.value)"}
    return column | {"filter": "agNumberColumnFilter", "type": "rightAligned", "valueFormatter": formatter}
