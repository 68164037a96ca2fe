"""Several runs side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.analysis.statistics import mean_interval
from econsim.errors import UserError
from econsim.runs.folder import Run, open_run

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare"]

_SHOWN = ("welfare", "gap_closed", "mean_hours")


def compare(paths: Iterable[str | Path], metrics: Iterable[str] = _SHOWN) -> pd.DataFrame:
    """Return the policies of several runs: mean and 95 % interval over runs of the same scenario and policy.

    One row a scenario, policy, response and metric, with ``runs`` (how many), ``mean``, ``low`` and ``high`` (empty for
    a single run) and one column a run.

    Raises:
        UserError: no run is given, one is given twice, or one is not finished.
    """
    import pandas as pd

    runs = [open_run(path) for path in paths]
    if not runs:
        raise UserError("compare: give at least one run folder")
    if len({run.path.resolve() for run in runs}) < len(runs):
        raise UserError("compare: a run is given twice")
    names = _names(runs)
    cells: dict[tuple[str, str, str, str], dict[str, float]] = {}
    for run, name in zip(runs, names, strict=True):
        for key, value in _numbers(run, tuple(metrics)):
            cells.setdefault((name, *key), {})[str(run.path)] = value
    return pd.DataFrame([_row(key, values, [str(run.path) for run in runs]) for key, values in cells.items()])


def _names(runs: Iterable[Run]) -> list[str]:
    """Return the scenario of each run; scenarios of one name that differ in more than the seed are numbered."""
    versions: dict[str, list[str]] = {}
    names = []
    for run in runs:
        lines = (run.path / "scenario.yaml").read_text("utf-8").splitlines()
        content = "\n".join(line for line in lines if not line.startswith("seed:"))
        name = run.summary["scenario"]
        known = versions.setdefault(name, [])
        if content not in known:
            known.append(content)
        place = known.index(content)
        names.append(f"{name} ({place + 1})" if place else name)
    return names


def _numbers(run: Run, metrics: tuple[str, ...]) -> Iterator[tuple[tuple[str, str, str], float]]:
    summary = run.summary
    for label, policy in summary["policies"].items():
        for response in summary["responses"]:
            for metric in metrics:
                if metric in policy.get(response, {}):
                    yield (label, response, metric), policy[response][metric]


def _row(key: tuple[str, str, str, str], values: dict[str, float], paths: list[str]) -> dict[str, Any]:
    interval = mean_interval(list(values.values()))
    return {
        **dict(zip(("scenario", "policy", "response", "metric"), key, strict=True)),
        "runs": len(values),
        "mean": interval.mean,
        "low": interval.low,
        "high": interval.high,
        **{path: values.get(path) for path in paths},
    }
