"""Comparison of runs: their results side by side, and the keys in which their scenarios differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.accounts import Metric
from econsim.analysis.metrics import declared
from econsim.analysis.statistics import mean_interval
from econsim.errors import UserError, did_you_mean
from econsim.runs.folder import Run, open_run
from econsim.runs.metric_columns import metrics_in, shown_metrics
from econsim.scenario.yaml_reader import parse

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OTHER_SCALES", "compare", "differences", "different_keys", "distinguished", "scale_of_return"]

OTHER_SCALES = "Runs with other units of the return, or another welfare function,"
"""The runs that are not in a figure of returns because :func:`scale_of_return` differs, as the start of a sentence."""


def compare(paths: Iterable[str | Path], metrics: Iterable[str] = ()) -> pd.DataFrame:
    """Return the policies of several runs: mean and 95 % interval over runs of the same scenario and policy.

    The table has one row per scenario, policy, response and metric, with the columns ``runs`` (the number of runs),
    ``mean``, ``low``, ``high``, ``interval`` (how the bounds were computed, or why there are none) and one column per
    run. Where runs define a metric of one name differently, such as welfare under two social welfare functions, it is
    several metrics, which :func:`distinguished` names.

    Args:
        paths: folders of finished runs.
        metrics: names of metrics; by default those that a run prints on the console when it ends.

    Raises:
        UserError: no run is given, one is given twice, one is not finished, or no run has one of the metrics.
    """
    import pandas as pd

    runs = [open_run(path) for path in paths]
    if not runs:
        raise UserError("compare: give at least one run folder")
    if len({run.path.resolve() for run in runs}) < len(runs):
        raise UserError("compare: a run is given twice")
    names, selected = _names(runs), _selected(runs, tuple(metrics))
    cells: dict[tuple[str, str, str, str], dict[str, float]] = {}
    for run, name, metric_of in zip(runs, names, distinguished([run.summary for run in runs]), strict=True):
        for (label, response, metric), value in _numbers(run, selected):
            cells.setdefault((name, label, response, metric_of[metric].name), {})[str(run.path)] = value
    return pd.DataFrame([_row(key, values, [str(run.path) for run in runs]) for key, values in cells.items()])


def distinguished(summaries: Sequence[Mapping[str, Any]]) -> list[dict[str, Metric]]:
    """Return the metrics of each run by name; those that runs define differently have different names and titles.

    These have their definition, or else their unit, in brackets: ``welfare (utilitarian)``.
    """
    declarations = [metrics_in(summary) for summary in summaries]
    kinds: dict[str, set[tuple[str, str]]] = {}
    for metrics in declarations:
        for name, metric in metrics.items():
            kinds.setdefault(name, set()).add((metric.definition, metric.unit))
    return [{name: _distinct(metric, kinds[name]) for name, metric in metrics.items()} for metrics in declarations]


def scale_of_return(run: Run) -> str:
    """Return what the return of a leader depends on, the unit of money and the welfare function, in brackets or empty.

    Returns of runs that differ in it are never drawn on one axis. The run may still be going on.
    """
    if run.finished:
        unit, metrics = run.summary["unit"], metrics_in(run.summary)
    else:
        game = run.scenario.build_game()
        unit, metrics = game.unit, declared(game)
    welfare = metrics.get("welfare")
    words = [unit, welfare.definition.replace("_", " ") if welfare else ""]
    return f" ({', '.join(word for word in words if word)})" if any(words) else ""


def _distinct(metric: Metric, kinds: set[tuple[str, str]]) -> Metric:
    if len(kinds) == 1:
        return metric
    differing = [len(set(column)) > 1 for column in zip(*kinds, strict=True)]
    texts = (metric.definition.replace("_", " "), metric.unit or "without unit")
    words = ", ".join(text for text, differs in zip(texts, differing, strict=True) if differs and text)
    return replace(metric, name=f"{metric.name} ({words})", title=f"{metric.title} ({words})")


def differences(runs: Iterable[Run]) -> pd.DataFrame:
    """Return a table of text with one row per key in which the scenarios differ and one column per run.

    The table is empty if all scenarios are the same. Where the kinds of a choice differ, its parameters are left out.
    """
    return different_keys({str(run.path): run.scenario.model_dump(mode="json", exclude_none=True) for run in runs})


def different_keys(contents: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of text with one row per dotted key in which nested plain data differ, one column for each."""
    import pandas as pd

    table = pd.DataFrame({name: dict(_flat(content)) for name, content in contents.items()}).fillna("")
    different = table[(table.nunique(axis="columns") > 1) & (table.index != "changed")]
    kinds = [key.removesuffix("kind") for key in different.index if key.endswith(".kind")]
    # Parameters of different kinds are not compared.
    different = different[[key.endswith(".kind") or not key.startswith(tuple(kinds)) for key in different.index]]
    return different.rename_axis("key").reset_index()


def _flat(content: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(content, dict) and content:
        for name, entry in content.items():
            yield from _flat(entry, f"{key}.{name}" if key else str(name))
    else:
        yield key, str(content)


def _selected(runs: list[Run], wanted: tuple[str, ...]) -> tuple[str, ...]:
    names = dict.fromkeys(
        name
        for run in runs
        for policy in run.summary["policies"].values()
        for response in run.summary["responses"]
        for name in policy.get(response, {})
    )
    for name in wanted:
        if name not in names:
            raise UserError(f"--metric {name}: none of the runs has this metric{did_you_mean(name, names)}")
    return wanted or _by_default([run.summary for run in runs])


def _by_default(summaries: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Return the headline metrics of all runs, or, where there are none, the metrics of the table in their reports."""
    for show in ("headline", "table"):
        names = [metric.name for summary in summaries for metric in shown_metrics(summary, show)]
        if names:
            return tuple(dict.fromkeys(names))
    return ()


def _names(runs: Iterable[Run]) -> list[str]:
    """Return the scenario's name for each run; number scenarios of the same name that differ in more than the seed."""
    versions: dict[str, list[Any]] = {}
    names = []
    for run in runs:
        text = (run.path / "scenario.yaml").read_text("utf-8")
        content = {key: value for key, value in parse(text, str).plain().items() if key not in ("seed", "changed")}
        name = run.summary["scenario"]
        contents = versions.setdefault(name, [])
        if content not in contents:
            contents.append(content)
        index = contents.index(content)
        names.append(f"{name} ({index + 1})" if index else name)
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
        "interval": interval.method,
        **{path: values.get(path) for path in paths},
    }
