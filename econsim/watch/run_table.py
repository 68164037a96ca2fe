"""The tables of the page: results of runs, and the runs of a sweep, as rows and columns that can be filtered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from econsim.runs.folder import Run
from econsim.sweep import open_sweep
from econsim.sweep.folder import INDEX
from econsim.sweep.index import Index
from econsim.watch.discovery import state_of

__all__ = ["Grid", "results", "runs_of_sweep"]

Grid = tuple[list[dict[str, Any]], list[dict[str, Any]]]
"""Columns and rows, as the grid takes them."""


def results(runs: Mapping[str, Run]) -> Grid:
    """Return one row a run, policy and response with every metric; unfinished runs have a row with their state."""
    rows: list[dict[str, Any]] = []
    for name, run in runs.items():
        state = state_of(run)
        if not run.finished:
            rows.append({"run": name, "state": state})
            continue
        for label, policy in run.summary["policies"].items():
            for response in run.summary["responses"]:
                if response in policy:
                    named = {"run": name, "state": state, "policy": label, "response": response}
                    rows.append(named | policy[response])
    return _grid(rows)


def runs_of_sweep(path: Path, metric: str = "welfare") -> Grid:
    """Return one row a run of a sweep: its levels and state; once all ended, a metric of each policy too."""
    sweep = open_sweep(path)
    with Index(path / INDEX) as index:
        records, counts = list(index.records()), index.counts()
    rows: list[dict[str, Any]] = [
        {"run": it.number, "state": it.state, **_plain(it.levels), "error": it.error or ""} for it in records
    ]
    # Tables are gathered by whoever sweeps; a page that only looks on must not write beside it.
    if not counts["waiting"] and not counts["running"] and counts["done"]:
        found = sweep.metrics
        final = found[(found["name"] == metric) & (found["response"] != "")]
        means = final.groupby(["run", "policy", "response"], sort=False)["value"].mean().reset_index()
        for it in means.to_dict("records"):
            rows[int(it["run"])][f"{metric}: {it['policy']}, {it['response']}"] = float(it["value"])
    return _grid(rows)


def _plain(levels: Mapping[str, Any]) -> dict[str, Any]:
    """Return levels with those that are not a single value as text."""
    return {key: value if isinstance(value, (str, int, float)) else json.dumps(value) for key, value in levels.items()}


def _grid(rows: list[dict[str, Any]]) -> Grid:
    """Return columns and rows; numbers are filtered as numbers and shown with few digits."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = [
        _column(place, name, [row[name] for row in rows if row.get(name) is not None])
        for place, name in enumerate(names)
    ]
    return columns, [{f"c{place}": row.get(name) for place, name in enumerate(names)} for row in rows]


def _column(place: int, name: str, values: list[Any]) -> dict[str, Any]:
    # Fields have numbers for names: the grid would read dots in a name as a path.
    own = {"headerName": name.replace("_", " "), "field": f"c{place}"}
    numbers = bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    if not numbers:
        return own | {"filter": "agTextColumnFilter"}
    written = {"function": "params.value == null ? '' : d3.format(',.5~g')(params.value)"}
    return own | {"filter": "agNumberColumnFilter", "type": "rightAligned", "valueFormatter": written}
