"""Comparison page of several runs: their metrics with intervals, schedules, learning curves, and differing keys."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from econsim.accounts import Metric
from econsim.analysis import plots
from econsim.analysis.statistics import methods_in_words
from econsim.errors import UserError
from econsim.report import interactive
from econsim.report.caveats import caveats
from econsim.report.content import listed, repeat_commands
from econsim.report.dots import interval_dots
from econsim.report.drawing import Drawn
from econsim.report.figures import Captioned, Figures
from econsim.report.page import fill
from econsim.runs.comparison import OTHER_SCALES, compare, differences, distinguished, scale_of_return
from econsim.runs.folder import open_run
from econsim.runs.metric_columns import shown, titled
from econsim.runs.summary import schedule_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Comparison"]


class Comparison:
    """A comparison of several finished runs.

    Raises:
        UserError: as :func:`econsim.runs.compare`.
    """

    def __init__(self, paths: Iterable[str | Path], metrics: Iterable[str] = ()) -> None:
        given = [Path(path) for path in paths]
        self.table = compare(given, metrics)
        self.runs = {_label(path, given): open_run(path) for path in given}

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables that accompany the page: all metrics, and the keys in which scenarios differ."""
        tables = {"comparison": self.table, "differences": differences(self.runs.values())}
        return {name: table for name, table in tables.items() if not table.empty}

    def captioned(self) -> Iterator[Captioned]:
        """Yield the figures: metrics with intervals, schedules of the runs' own policies, and their learning curves."""
        labels = ", ".join(self.runs)
        yield self._dots(labels)
        schedules = self._schedules()
        if schedules:
            still, plot = plots.tax_schedules(schedules), interactive.tax_schedules(schedules)
            caption = "Marginal tax rates of each run's own policy, by income before tax."
            yield _captioned("schedules", "Marginal tax rates", still, caption, labels, plot)
        yield from self._learning(labels)

    def _learning(self, labels: str) -> Iterator[Captioned]:
        """Yield the learning curves: one figure for the runs whose returns have the same scale and welfare function."""
        by_axis = self._curves()
        for number, (axis, own) in enumerate(by_axis.items(), 1):
            curves = dict(reversed(own.items()))  # as in the figure above, the last run has the boldest line
            still, plot = plots.learning_curve(curves, {}, axis), interactive.learning_curve(curves, {}, axis)
            caption = "The return of each run's own policy during training."
            if len(by_axis) > 1:
                caption += f" {OTHER_SCALES} are in other figures."
            name = "learning" if number == 1 else f"learning_{number}"
            yield _captioned(name, "Learning", still, caption, labels, plot)

    def render(self, drawn: Sequence[Drawn], with_plots: bool = False) -> str:
        """Return the page as HTML."""
        by_run = {name: caveats(run) for name, run in self.runs.items()}
        context = {
            "runs": list(self.runs),
            "descriptions": list(dict.fromkeys(run.summary["description"] for run in self.runs.values())),
            "question": f"How do {listed(list(self.runs))} compare?",
            "header": ["Runs and policy", *(titled(self._declared[metric]) for metric in self._metrics)],
            "rows": self._rows(),
            "methods": methods_in_words(self._first["interval"]),
            "differences": self._differences(),
            "caveats": [f"{name}: {caveat}" for name, sentences in by_run.items() for caveat in sentences],
            "repeat": self._repeat(),
        }
        return fill("comparison.html", drawn, with_plots, context)

    def _dots(self, labels: str) -> Captioned:
        caption = (
            "Each policy under its first set of followers: the mean over runs of one scenario. Lines are 95 %"
            " intervals over runs, which need several that differ."
        )
        titles = {name: titled(metric) for name, metric in self._declared.items()}
        return _captioned("numbers", "Metrics", interval_dots(self._first, titles), caption, labels)

    @cached_property
    def _first(self) -> pd.DataFrame:
        """The table under each policy's first response, with scenarios labelled by their runs."""
        first = self.table.drop_duplicates(["scenario", "policy", "metric"])
        names = {name: self._named(str(name), rows) for name, rows in first.groupby("scenario")}
        return first.assign(scenario=first["scenario"].map(names))

    def _named(self, scenario: str, rows: pd.DataFrame) -> str:
        """Return the label of the only run of a scenario, or the number of its runs."""
        labels = [label for label, run in self.runs.items() if rows[str(run.path)].notna().any()]
        return labels[0] if len(labels) == 1 else f"{scenario}, {len(labels)} runs"

    @property
    def _metrics(self) -> list[str]:
        return list(dict.fromkeys(self._first["metric"]))

    @cached_property
    def _declared(self) -> dict[str, Metric]:
        """The metrics of all runs by name, as declared by the first run that has them."""
        declared: dict[str, Metric] = {}
        for metrics in distinguished([run.summary for run in self.runs.values()]):
            declared = {**{metric.name: metric for metric in metrics.values()}, **declared}
        return declared

    def _rows(self) -> list[list[str]]:
        cells: dict[str, dict[str, str]] = {}
        for row in self._first.to_dict("records"):
            cell = _cell(row, self._declared[row["metric"]])
            cells.setdefault(f"{row['scenario']}: {row['policy']}", {})[row["metric"]] = cell
        return [[name, *(by_metric.get(metric, "") for metric in self._metrics)] for name, by_metric in cells.items()]

    def _schedules(self) -> dict[str, Any]:
        own = {name: list(run.summary["policies"].values())[-1] for name, run in self.runs.items()}
        schedules = {name: schedule_of(policy) for name, policy in own.items()}
        return {name: schedule for name, schedule in schedules.items() if schedule is not None}

    def _curves(self) -> dict[str, dict[str, pd.DataFrame]]:
        """Return the learning curves of the runs by name, in groups by the label of their axis."""
        by_axis: dict[str, dict[str, pd.DataFrame]] = {}
        for name, run in self.runs.items():
            try:
                curves, _, axis = Figures(run).learning_curves()
            except UserError:
                continue
            by_axis.setdefault(axis + scale_of_return(run), {})[name] = next(iter(curves.values()))
        return by_axis

    def _differences(self) -> list[list[str]]:
        table = differences(self.runs.values())
        return [[str(cell) for cell in row] for row in table.itertuples(index=False)]

    def _repeat(self) -> list[str]:
        paths = [f"runs/{run.name}" for run in self.runs.values()]
        names = sorted({name for run in self.runs.values() for name in run.plugins})
        plugins = "".join(f"--plugin {name} " for name in names)
        return [
            *(repeat_commands(run)[0] for run in self.runs.values()),
            f"econsim {plugins}compare {shlex.join(paths)} --out comparison.html",
        ]


def _label(path: Path, paths: Sequence[Path]) -> str:
    """Return the name of a run's folder, or its path if two folders have the same name."""
    names = [other.resolve().name for other in paths]
    name = path.resolve().name
    return name if names.count(name) == 1 else str(path)


def _captioned(
    name: str, title: str, figure: Figure, caption: str, labels: str, plot: interactive.Plot | None = None
) -> Captioned:
    return Captioned(name, title, figure, caption, f"{title}, for the runs {labels}. {caption}", plot)


def _cell(row: dict[Any, Any], metric: Metric) -> str:
    mean, low, high = (
        "" if pd.isna(row[name]) else shown(row[name], metric.format) for name in ("mean", "low", "high")
    )
    return f"{mean} [{low}, {high}]" if low else mean
