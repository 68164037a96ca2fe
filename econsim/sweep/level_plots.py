"""Plots of a metric by the levels of a sweep's axes: lines with bands, heat maps, or dots.

One axis of numbers gives lines with 95 % bands over seeds, one line per policy and combination of names. Two axes of
numbers without names give a heat map of each policy that they change; more axes of numbers give one figure of lines per
axis, with means over the levels of the others. Names alone give dots with intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from econsim.report import interactive_points
from econsim.report.dots import interval_dots
from econsim.report.interactive import Plot
from econsim.sweep import plots
from econsim.sweep.copies import ALL, without_copies
from econsim.sweep.effects import WHO, effects_of, means_of
from econsim.sweep.goals import goal_named, goal_rows, title_of
from econsim.sweep.scores import point_keys, repeated, scores_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from econsim.sweep.folder import Sweep

__all__ = ["LevelPlot", "level_plots"]

_MOST_LINES, _MOST_DOTS, _MOST_MAPS = 8, 24, 3
_OVER = "the 95 % intervals are over seeds"


class LevelPlot(NamedTuple):
    """A plot as data: ``form`` is ``lines``, ``map`` or ``dots``; ``tables`` holds what it draws, by label.

    ``axes`` names the axes that it shows, ``title`` is the title of the metric with its unit.
    """

    name: str
    axes: str
    form: str
    tables: dict[str, pd.DataFrame]
    xlabel: str
    ylabel: str
    title: str
    caption: str

    def still(self) -> Figure:
        """Return the plot as a matplotlib figure."""
        if self.form == "lines":
            return plots.bands(self.tables, self.xlabel, self.ylabel)
        if self.form == "map":
            return plots.heat_maps(self.tables, self.xlabel, self.ylabel, self.title)
        return interval_dots(self.tables[""].assign(scenario="", policy=self.tables[""]["label"], metric=self.xlabel))

    def live(self) -> Plot:
        """Return the plot as data for plotly."""
        if self.form == "lines":
            return interactive_points.bands(self.tables, self.xlabel, self.ylabel)
        if self.form == "map":
            return interactive_points.heat_maps(self.tables, self.xlabel, self.ylabel, self.title)
        return interactive_points.dots(self.tables[""], self.xlabel)


def level_plots(sweep: Sweep, metric: str) -> list[LevelPlot]:
    """Return the plots of a metric under the first response of the workers; empty if the sweep varies seeds alone.

    Raises:
        UserError: no run is done, or no run has the metric.
    """
    scores, keys = scores_of(sweep), point_keys(sweep)
    first = scores["response"].iloc[0]
    rows = repeated(sweep, goal_rows(scores[scores["response"] == first], goal_named(metric), str(sweep.path)))
    numeric = [key for key in keys if sweep.runs[key].dtype.kind in "if"]
    name = goal_named(metric).metric
    return list(_Drawing(name, title_of(sweep, name), rows, keys, numeric).plots()) if keys else []


@dataclass(frozen=True)
class _Drawing:
    """The selection of plots for one metric. rows: one value per policy, response, point and seed.

    title: the title of the metric with its unit.
    """

    metric: str
    title: str
    rows: pd.DataFrame
    keys: list[str]
    numeric: list[str]

    def plots(self) -> Iterator[LevelPlot]:
        single = without_copies(self.rows, self.keys, ["value"])
        if len(self.numeric) == len(self.keys) == 2 and (tables := self._maps(single)):
            axes = " and ".join(self.keys)
            caption = f"{self.title}, by {axes}; means over seeds."
            yield LevelPlot(self.metric, axes, "map", tables, self.keys[0], self.keys[1], self.title, caption)
        elif len(self.numeric) == 1 and len(curves := self._curves(single)) <= _MOST_LINES:
            yield self._lines(self.numeric[0], curves, "")
        elif self.numeric:
            for key in self.numeric:
                yield self._lines(key, self._effects(key), ", means over the levels of the other axes")
        else:
            yield self._dots(single)

    def _lines(self, key: str, curves: dict[str, pd.DataFrame], what: str) -> LevelPlot:
        caption = f"{self.title}, by {key}{what}; {_OVER}."
        name = f"{self.metric}_by_{key.replace('.', '_')}"
        return LevelPlot(name, key, "lines", curves, key, self.title, self.title, caption)

    def _curves(self, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return one curve per policy and combination of names; a policy that the key does not change is level."""
        (key,), means = self.numeric, means_of(rows, self.keys)
        names = [name for name in self.keys if name != key]
        levels = sorted(self.rows[key].dropna().unique())  # of all rows: the key may change no policy
        curves: dict[str, pd.DataFrame] = {}
        for _, of_line in means.groupby([*WHO, *names], sort=False, dropna=False):
            record = of_line.iloc[0].to_dict()
            label = plots.point_label(record, names)
            if record[key] == ALL:
                curves[label] = of_line.loc[of_line.index.repeat(len(levels))].assign(x=levels)
            else:
                curves[label] = of_line.assign(x=of_line[key].astype(float)).sort_values("x")
        return curves

    def _effects(self, key: str) -> dict[str, pd.DataFrame]:
        effects = effects_of(self.rows, self.keys)
        of_key = effects[effects["key"] == key]
        return {
            str(policy): rows.assign(x=rows["level"].astype(float)).sort_values("x")
            for policy, rows in of_key.groupby("policy", sort=False)
        }

    def _maps(self, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return the means by both keys of each policy that both change; empty if the points are not a full grid."""
        tables: dict[str, pd.DataFrame] = {}
        changed = rows[~rows[self.keys].isin([ALL]).any(axis=1)]
        for policy, of_policy in changed.groupby("policy", sort=False):
            table = of_policy.pivot_table(index=self.keys[1], columns=self.keys[0], values="value", aggfunc="mean")
            if table.isna().any(axis=None) or 1 in table.shape:
                return {}
            named = table.rename(index=plots.level_in_words, columns=plots.level_in_words)
            tables[str(policy)] = named.infer_objects()
        return dict(list(tables.items())[-_MOST_MAPS:])

    def _dots(self, rows: pd.DataFrame) -> LevelPlot:
        means = means_of(rows, self.keys)
        labels = [plots.point_label(record, self.keys) for record in means.to_dict("records")]
        table = means.assign(label=labels).sort_values("mean", ascending=False, kind="stable").head(_MOST_DOTS)
        cut = f"the {_MOST_DOTS} highest of {len(means):,} points" if len(means) > _MOST_DOTS else "all points"
        caption = f"{self.title}: {cut}; {_OVER}."
        return LevelPlot(self.metric, " and ".join(self.keys), "dots", {"": table}, self.title, "", self.title, caption)
