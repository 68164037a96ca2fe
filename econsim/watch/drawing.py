"""What the page draws of runs: curves of training, schedules and how they changed, maps of an episode."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pandas as pd

from econsim.analysis.recording.map_picture import MapPicture, check_map
from econsim.errors import EconsimError, UserError
from econsim.report import interactive
from econsim.report.interactive import Plot
from econsim.runs.folder import Run, open_run
from econsim.runs.recordings import recordings_of
from econsim.watch.tail import RATES, chosen, training_metrics

__all__ = ["Replay", "learning", "replay_of", "schedules", "schedules_over_time"]

_TILE = 16


def learning(runs: Mapping[str, Run], measure: str) -> Plot | None:
    """Return curves of a measure: those of every policy of one run, or of all runs' policies side by side."""
    curves = {}
    for name, run in runs.items():
        found = chosen(training_metrics(run), measure)
        for policy, rows in found.groupby("policy", sort=False):
            curves[_joined(runs, name, str(policy))] = rows[["step", "seed", "value"]]
    return interactive.learning_curve(curves, {}, measure) if curves else None


def schedules(runs: Mapping[str, Run]) -> Plot | None:
    """Return marginal rates by income: of every policy of one finished run, or of the own policies of several."""
    found = {}
    unit = ""
    for name, run in runs.items():
        if not run.finished:
            continue
        unit = run.summary["unit"]
        policies = run.summary["policies"]
        for label in policies if len(runs) == 1 else list(policies)[-1:]:
            if policies[label].get("rates"):
                found[_joined(runs, name, label)] = (policies[label]["thresholds"], policies[label]["rates"])
    return interactive.tax_schedules(found, unit) if found else None


def schedules_over_time(run: Run) -> Plot | None:
    """Return the rate of each bracket over the audits of training, or else over the tax periods of the own episode."""
    rows = training_metrics(run)
    rates = rows[rows["name"].str.startswith(RATES)]
    if not rates.empty:
        brackets = {_bracket(str(name)): part for name, part in rates.groupby("name", sort=False)}
        return interactive.learning_curve(_in_per_cent(brackets), {}, "marginal rate, %")
    return _over_periods(run)


def _bracket(name: str) -> str:
    return f"bracket {int(name.removeprefix(RATES)) + 1}"


def _in_per_cent(brackets: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: part.assign(value=100.0 * part["value"]) for name, part in brackets.items()}


def _over_periods(run: Run) -> Plot | None:
    """Return the rates in force in each tax period of the episode that was kept of the run's own policy."""
    try:
        recording = run.recording()
        ends, rates = recording.period_ends(), recording.over_time("rates")
    except EconsimError:
        return None
    if not ends:
        return None
    rows = rates[ends][:, 0]
    curves = {
        f"from {threshold:,.4g}": pd.DataFrame({"step": range(1, len(rows) + 1), "seed": 0, "value": rows[:, place]})
        for place, threshold in enumerate(recording.stage["thresholds"])
    }
    return interactive.learning_curve(_in_per_cent(curves), {}, "marginal rate, %", "tax period")


class Replay:
    """The map of an episode, moment by moment.

    Raises:
        UserError: the episode has no map.
    """

    def __init__(self, run: Run, policy: str) -> None:
        self.recording = run.recording(policy)
        check_map(self.recording)
        self._picture = MapPicture(self.recording, _TILE)

    def __len__(self) -> int:
        """The number of moments."""
        return len(self.recording)

    def picture(self, time: int) -> str:
        """Return the map at a moment as a PNG that a page can hold (a ``data:`` address)."""
        from PIL import Image

        target = io.BytesIO()
        Image.fromarray(self._picture.draw(time)).save(target, format="png")
        return f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}"


def replay_of(run: Run, policy: str) -> Replay | None:
    """Return the replay of a policy, or ``None`` where no map of it is kept."""
    if not run.finished or policy not in recordings_of(run):
        return None
    return _replay(run.path, policy)


@lru_cache(maxsize=4)
def _replay(path: Path, policy: str) -> Replay | None:
    try:
        return Replay(open_run(path), policy)
    except UserError:
        return None


def _joined(runs: Mapping[str, Run], run: str, policy: str) -> str:
    return policy if len(runs) == 1 else f"{run}: {policy}"
