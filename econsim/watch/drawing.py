"""Figures of the dashboard: learning curves, tax schedules and their changes over time, maps of an episode."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from econsim.analysis.recording.map_picture import MapPicture, check_map
from econsim.errors import EconsimError
from econsim.report import interactive, interactive_points
from econsim.report.interactive import Plot
from econsim.runs.comparison import distinguished, scale_of_return
from econsim.runs.folder import Run, open_run
from econsim.runs.metric_columns import main_metric, titled
from econsim.runs.recordings import recordings_of
from econsim.runs.summary import schedule_of
from econsim.watch.tail import RATES, is_return, rows_of, training_metrics

__all__ = ["Replay", "learning", "left_out", "outcome", "replay_of", "schedules", "schedules_over_time"]

_TILE = 16


def learning(runs: Mapping[str, Run], measure: str) -> Plot | None:
    """Return curves of a measure for every policy of the first run and of those that :func:`left_out` does not name."""
    curves, excluded = {}, left_out(runs, measure)
    for name, run in runs.items():
        if name in excluded:
            continue
        measured = rows_of(training_metrics(run), measure)
        for policy, rows in measured.groupby("policy", sort=False):
            curves[_joined(runs, name, str(policy))] = rows[["step", "seed", "value"]]
    return interactive.learning_curve(curves, {}, measure) if curves else None


def left_out(runs: Mapping[str, Run], measure: str) -> list[str]:
    """Return the names of the runs whose measure is on another scale than that of the first run, as in ``compare``."""
    if len(runs) < 2 or not (is_return(measure) or "welfare" in measure):
        return []
    scales = {name: _scale(run.path, run.finished) for name, run in runs.items()}
    return [name for name, scale in scales.items() if scale != next(iter(scales.values()))]


@lru_cache(maxsize=32)
def _scale(path: Path, _: bool) -> str:
    try:
        return scale_of_return(Run(path))
    except EconsimError:  # a damaged run, of which no scale is known
        return str(path)


def outcome(runs: Mapping[str, Run]) -> Plot | None:
    """Return the main metric of every policy of finished runs, which is welfare in an economy, with 95 % intervals.

    It is that under the first set of workers. Runs that define the metric differently from the first are left out.
    """
    finished = {name: run for name, run in runs.items() if run.finished}
    rows: list[dict[str, Any]] = []
    title = ""
    declared = distinguished([run.summary for run in finished.values()])
    for (name, run), metrics in zip(finished.items(), declared, strict=True):
        main = main_metric(run.summary)
        if main is None or (title and titled(metrics[main.name]) != title):
            continue
        title = titled(metrics[main.name])
        response = run.summary["responses"][0]
        for label, policy in run.summary["policies"].items():
            interval = policy["intervals"].get(response, {}).get(main.name, {})
            ends = {end: interval.get(end) for end in ("low", "high")}
            rows.append({"label": _joined(runs, name, label), "mean": policy[response][main.name], **ends})
    if not rows:
        return None
    return interactive_points.dots(pd.DataFrame(rows).astype({"low": float, "high": float}), title)


def schedules(runs: Mapping[str, Run]) -> Plot | None:
    """Return marginal tax rates by income: of every policy of one finished run, or of the own policies of several."""
    by_label = {}
    unit = ""
    for name, run in runs.items():
        if not run.finished:
            continue
        unit = run.summary["unit"]
        policies = run.summary["policies"]
        for label in policies if len(runs) == 1 else list(policies)[-1:]:
            if (schedule := schedule_of(policies[label])) is not None:
                by_label[_joined(runs, name, label)] = schedule
    return interactive.tax_schedules(by_label, unit) if by_label else None


def schedules_over_time(run: Run) -> Plot | None:
    """Return the tax rate of each bracket over training, or else over the tax periods of the own policy's episode."""
    rows = training_metrics(run)
    rates = rows[rows["name"].str.startswith(RATES)]
    if not rates.empty:
        brackets = {_bracket(str(name)): curve for name, curve in rates.groupby("name", sort=False)}
        return interactive.learning_curve(_in_per_cent(brackets), {}, "marginal tax rate, %")
    return _over_periods(run)


def _bracket(name: str) -> str:
    return f"bracket {int(name.removeprefix(RATES)) + 1}"


def _in_per_cent(brackets: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: curve.assign(value=100.0 * curve["value"]) for name, curve in brackets.items()}


def _over_periods(run: Run) -> Plot | None:
    """Return the tax rates in each tax period of the recorded episode of the run's own policy."""
    try:
        recording = run.recording()
        ends, rates = recording.period_ends(), recording.over_time("rates")
    except EconsimError:
        return None
    if not ends:
        return None
    rows = rates[ends][:, 0]
    curves = {
        f"from {threshold:,.4g}": pd.DataFrame({"step": range(1, len(rows) + 1), "seed": 0, "value": rows[:, bracket]})
        for bracket, threshold in enumerate(recording.stage["thresholds"])
    }
    return interactive.learning_curve(_in_per_cent(curves), {}, "marginal tax rate, %", "tax period")


class Replay:
    """The map of an episode, step by step.

    Raises:
        UserError: the episode has no map.
    """

    def __init__(self, run: Run, policy: str) -> None:
        self.recording = run.recording(policy)
        check_map(self.recording)
        self._map = MapPicture(self.recording, _TILE)

    def __len__(self) -> int:
        """Return the number of recorded steps."""
        return len(self.recording)

    def frame(self, time: int) -> str:
        """Return the map at a step as a PNG in a ``data:`` URL."""
        from PIL import Image

        target = io.BytesIO()
        Image.fromarray(self._map.draw(time)).save(target, format="png")
        return f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}"


def replay_of(run: Run, policy: str) -> Replay | None:
    """Return the replay of a policy, or ``None`` if there is no recording with a map."""
    if not run.finished or policy not in recordings_of(run):
        return None
    return _replay(run.path, policy)


@lru_cache(maxsize=4)
def _replay(path: Path, policy: str) -> Replay | None:
    try:
        return Replay(open_run(path), policy)
    except EconsimError:
        return None


def _joined(runs: Mapping[str, Run], run: str, policy: str) -> str:
    return policy if len(runs) == 1 else f"{run}: {policy}"
