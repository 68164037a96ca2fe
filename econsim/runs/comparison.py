"""Several runs side by side: their numbers, and in what their scenarios differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.analysis.statistics import mean_interval
from econsim.errors import UserError, did_you_mean
from econsim.runs.folder import Run, open_run
from econsim.runs.metric_columns import shown_metrics

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare", "differences"]


def compare(paths: Iterable[str | Path], metrics: Iterable[str] = ()) -> pd.DataFrame:
    """Return the policies of several runs: mean and 95 % interval over runs of the same scenario and policy.

    One row a scenario, policy, response and metric, with ``runs`` (how many), ``mean``, ``low`` and ``high`` (empty for
    a single run) and one column a run.

    Args:
        paths: folders of finished runs.
        metrics: their names; by default those that the summary of a run shows on the console.

    Raises:
        UserError: no run is given, one is given twice, one is not finished, or none knows a metric.
    """
    import pandas as pd

    runs = [open_run(path) for path in paths]
    if not runs:
        raise UserError("compare: give at least one run folder")
    if len({run.path.resolve() for run in runs}) < len(runs):
        raise UserError("compare: a run is given twice")
    names, chosen = _names(runs), _chosen(runs, tuple(metrics))
    cells: dict[tuple[str, str, str, str], dict[str, float]] = {}
    for run, name in zip(runs, names, strict=True):
        for key, value in _numbers(run, chosen):
            cells.setdefault((name, *key), {})[str(run.path)] = value
    return pd.DataFrame([_row(key, values, [str(run.path) for run in runs]) for key, values in cells.items()])


def differences(runs: Iterable[Run]) -> pd.DataFrame:
    """Return one row a key in which the scenarios of runs differ, and one column a run, as text; empty: they agree."""
    import pandas as pd

    found = {str(run.path): dict(_flat(run.scenario.model_dump(mode="json", exclude_none=True))) for run in runs}
    table = pd.DataFrame(found).fillna("")
    different = table[table.nunique(axis="columns") > 1]
    return different.rename_axis("key").reset_index()


def _flat(content: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(content, dict) and content:
        for name, entry in content.items():
            yield from _flat(entry, f"{key}.{name}" if key else str(name))
    else:
        yield key, str(content)


def _chosen(runs: list[Run], wanted: tuple[str, ...]) -> tuple[str, ...]:
    known = dict.fromkeys(
        name
        for run in runs
        for policy in run.summary["policies"].values()
        for response in run.summary["responses"]
        for name in policy.get(response, {})
    )
    for name in wanted:
        if name not in known:
            raise UserError(f"--metric {name}: no run has it{did_you_mean(name, known)}")
    return wanted or _by_default([run.summary for run in runs])


def _by_default(summaries: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Return the headline metrics of any run, or else those of its report's table."""
    for show in ("headline", "table"):
        names = [metric.name for summary in summaries for metric in shown_metrics(summary, show)]
        if names:
            return tuple(dict.fromkeys(names))
    return ()


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
