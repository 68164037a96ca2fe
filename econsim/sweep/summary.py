"""Summary of a sweep: means with intervals, the best points, main effects, and the equality-productivity frontier.

A *point* is a combination of levels of the varying keys other than ``seed``; the runs of a point are its replications.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from econsim.analysis.statistics import mean_interval
from econsim.errors import UserError, command, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from econsim.sweep.folder import Sweep

__all__ = ["Summary", "pareto_front", "summarised"]

_SEED = "seed"
_WHO = ["policy", "response"]
_MOST_SHOWN = 10


@dataclass(frozen=True)
class Summary:
    """The tables of a summary.

    means: one row per policy, response and point: number of runs, mean, and the bounds of a 95 % Student interval over
        the runs of the point.
    best: the points with the highest means.
    effects: for each level of each key, the mean over all points with that level.
    front: the Pareto-efficient points in equality and productivity; empty where the game measures neither.
    """

    metric: str
    means: pd.DataFrame
    best: pd.DataFrame
    effects: pd.DataFrame
    front: pd.DataFrame

    def sections(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield the titles and the tables to print."""
        yield f"best of {len(self.means):,} points by {self.metric}", self.best
        if len(self.effects):
            yield f"main effects on {self.metric}", self.effects
        if len(self.front):
            yield "equality-productivity frontier", self.front


def summarised(sweep: Sweep, metric: str) -> Summary:
    """Return the summary of a sweep.

    Raises:
        UserError: no run is done, or no run has the metric.
    """
    scores = _scores(sweep)
    if metric not in set(scores["name"]):
        raise UserError(f"{sweep.path}: no metric {metric!r}{did_you_mean(metric, set(scores['name']))}")
    keys = [key for key in sweep.keys if key != _SEED]
    of_metric = scores[scores["name"] == metric]
    means = _means(of_metric, [*_WHO, *keys])
    best = means.sort_values("mean", ascending=False, kind="stable").head(_MOST_SHOWN)
    return Summary(metric, means, best, _effects(of_metric, keys), _front(scores, keys))


def pareto_front(first: Any, second: Any) -> list[bool]:
    """Return which of ``N`` points are Pareto-efficient, with larger values being better in both coordinates."""
    pairs = list(zip(map(float, first), map(float, second), strict=True))
    order = sorted(range(len(pairs)), key=lambda index: (-pairs[index][0], -pairs[index][1]))
    on_front, highest, at_highest = [False] * len(pairs), float("-inf"), None
    for index in order:
        one, other = pairs[index]
        if other > highest or (other == highest and one == at_highest):
            on_front[index] = True
            highest, at_highest = other, one
    return on_front


def _scores(sweep: Sweep) -> pd.DataFrame:
    """Return the metrics of evaluation episodes, without those of training, which have no response."""
    metrics = sweep.metrics
    scores = metrics[metrics["response"] != ""]
    if scores.empty:
        raise UserError(f"{sweep.path}: no run is done yet; continue with: {command('resume', sweep.path)}")
    return scores


def _means(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    import pandas as pd

    means = []
    for levels, values in rows.groupby(by, sort=False, dropna=False)["value"]:
        interval = mean_interval(values)
        means.append(
            {
                **dict(zip(by, levels, strict=True)),
                "runs": interval.count,
                "mean": interval.mean,
                "low": interval.low,
                "high": interval.high,
            }
        )
    return pd.DataFrame(means)


def _effects(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    import pandas as pd

    tables = [
        _means(rows, [*_WHO, key]).rename(columns={key: "level"}).assign(key=key).astype({"level": object})
        for key in keys
    ]
    if not tables:
        return pd.DataFrame()
    return pd.concat(tables, ignore_index=True)[["key", "level", *_WHO, "runs", "mean", "low", "high"]]


def _front(scores: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the Pareto-efficient points in equality and productivity.

    A game without these metrics is measured by 1 - Gini of consumption and by mean income, if it has these.
    """
    import pandas as pd

    by = [*_WHO, *keys]
    wide = scores.pivot_table(index=by, columns="name", values="value", sort=False, dropna=False).reset_index()
    if {"equality", "productivity"} <= set(wide.columns):
        points = wide[[*by, "equality", "productivity"]]
    elif {"consumption_gini", "mean_income"} <= set(wide.columns):
        points = wide[by].assign(equality=1.0 - wide["consumption_gini"], productivity=wide["mean_income"])
    else:
        return pd.DataFrame()
    points = points.dropna(subset=["equality", "productivity"]).reset_index(drop=True)
    front = points[pareto_front(points["equality"], points["productivity"])]
    return front.sort_values("equality", ascending=False, ignore_index=True)
